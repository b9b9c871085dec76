//! Flyte's steps, by Flyte's own rules for names. Steps that are meant to fail may break them.

use yaml::Spanned;

use super::{At, Context};
use crate::names::is_dns_label;
use crate::verb::{Label, Project, Submit};

pub(super) fn project(context: &mut Context<'_>, project: &Project) {
    if project.fails.is_none() {
        project_id(context, &project.id);
    }
}

fn project_id(context: &mut Context<'_>, id: &Spanned<String>) {
    if !is_dns_label(id) {
        let message = format!("`{}` is no project id: lower-case letters, digits and `-`, at most 63", id.value);
        context.push(context.error("invalid-name", id.span, message));
    }
}

/// A project and a domain.
pub(super) fn target(context: &mut Context<'_>, project: &Spanned<String>, domain: &Spanned<String>) {
    project_id(context, project);
    if domain.is_empty() {
        context.push(context.error("invalid-name", domain.span, "the domain is empty"));
    }
}

pub(super) fn label(context: &mut Context<'_>, at: At<'_>, label: &Label) {
    context.exactly_one(at, &[("attrFile", label.attr_file.is_some()), ("project", label.project.is_some())]);
    let inline = [("domain", &label.domain), ("workflow", &label.workflow), ("value", &label.value)];
    if label.attr_file.is_some() {
        for (field, _) in inline.iter().filter(|(_, value)| value.is_some()) {
            let message = format!("`{field}` stands in the file that `attrFile` names");
            context.push(context.error("one-of", context.field(at, field), message));
        }
        return;
    }
    let step = context.scenario.steps[at.step].span;
    if label.workflow.is_some() && label.domain.is_none() {
        let span = context.field(at, "workflow");
        context.push(context.error("missing-field", span, "`workflow` needs a `domain`"));
    }
    match (&label.value, label.delete) {
        (None, false) => context.push(context.error("missing-field", step, "missing field `value`")),
        (Some(value), true) => {
            context.push(context.error("one-of", value.span, "a label is either set to a `value` or deleted"));
        }
        _ => {}
    }
}

pub(super) fn submit<'c>(context: &mut Context<'c>, at: At<'_>, submit: &'c Submit) {
    let kinds = [
        ("workflow", submit.workflow.is_some()),
        ("launchPlan", submit.launch_plan.is_some()),
        ("task", submit.task.is_some()),
    ];
    context.exactly_one(at, &kinds);
    if submit.fails.is_none() {
        target(context, &submit.project, &submit.domain);
        names(context, at, submit);
    }
    if !submit.names.is_empty() {
        for field in ["count", "namePrefix"] {
            let span = context.field(at, field);
            if span != context.scenario.steps[at.step].span {
                context.push(context.error("one-of", span, format!("`names` and `{field}` exclude each other")));
            }
        }
    }
    if let Some(parent) = &submit.parent
        && let Some(of) = context.submit(&parent.of)
        && of.execution_names().len() != 1
    {
        let message = format!(
            "`{}` starts {} executions; a parent must be one",
            parent.of.value,
            of.execution_names().len()
        );
        context.push(context.error("invalid-value", parent.of.span, message));
    }
    if !is_dns_label(&submit.id) {
        let message = format!("`{}` is no id: lower-case letters, digits and `-`", submit.id.value);
        context.push(context.error("invalid-name", submit.id.span, message));
    }
    let taken = !context.submits.contains_key(submit.id.as_str()) && context.outputs_before(at.step).contains_key(&submit.id.value);
    if taken {
        let message = format!("an earlier step has the id `{}`", submit.id.value);
        context.push(context.error("duplicate-id", submit.id.span, message));
    }
    if context.submits.insert(&submit.id.value, submit).is_some() {
        let message = format!("an earlier `submit` has the id `{}`", submit.id.value);
        context.push(context.error("duplicate-submit", submit.id.span, message));
    }
}

/// Flyte takes names of at most 63 characters that match `[a-z][a-z0-9-]*` once in lower case. Capitals pass Flyte and fail
/// in Kubernetes, which a scenario may want to see.
fn names(context: &mut Context<'_>, at: At<'_>, submit: &Submit) {
    if submit.count == 0 || submit.count > 100_000 {
        let span = context.field(at, "count");
        context.push(context.error("invalid-value", span, "`count` is 1 to 100000"));
        return;
    }
    let given = if submit.names.is_empty() {
        submit.name_prefix.as_slice()
    } else {
        &submit.names
    };
    let mut seen = std::collections::BTreeSet::new();
    for name in given {
        // A prefix gets `-` and a number.
        let length = if submit.names.is_empty() {
            name.len() + 1 + submit.count.to_string().len()
        } else {
            name.len()
        };
        let lower = name.to_lowercase();
        let legal = lower.starts_with(|c: char| c.is_ascii_lowercase())
            && lower.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !legal || length > 63 {
            let message = format!(
                "`{}` is no execution name: a letter, then letters, digits and `-`, at most 63 in all",
                name.value
            );
            context.push(context.error("invalid-name", name.span, message));
        }
        if !seen.insert(&name.value) {
            context.push(context.error("duplicate-name", name.span, format!("`{}` is named twice", name.value)));
        }
    }
}
