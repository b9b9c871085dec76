//! Steps that others name: `read`, and programs with an `id`.

use std::collections::BTreeMap;

use yaml::Spanned;

use super::kinds::{self, Of};
use super::{At, Context};
use crate::condition::Condition;
use crate::expression::Outputs;
use crate::names::is_dns_label;
use crate::verb::Read;

pub(super) fn read(context: &mut Context<'_>, at: At<'_>, read: &Read) {
    context.clusters(&read.on);
    if read.kind.value == "Secret" {
        let message = "a Secret is not read: outputs are in journals and reports, and secrets are not";
        context.push(
            context
                .error("secret-output", read.kind.span, message)
                .help("a `script` can use it without printing it"),
        );
    }
    if read.outputs.is_empty() {
        context.push(context.error("missing-field", context.field(at, "outputs"), "`outputs` names nothing"));
    }
    let of = Of {
        api_version: &read.api_version,
        kind: &read.kind.value,
    };
    let known = kinds::kind(context, at, of);
    for output in read.outputs.values() {
        let of_all = Condition::compile(&output.cel.value).map(|condition| condition.of_all());
        let (message, help) = match of_all {
            Ok(false) if known => {
                kinds::condition(context, of, &output.cel);
                continue;
            }
            Ok(false) => continue,
            Ok(true) => ("there are no `objects`, only one `object`".to_owned(), None),
            Err(error) => (error.message, error.help),
        };
        let mut diagnostic = context.error("condition", output.cel.span, message);
        diagnostic.help = help;
        context.push(diagnostic);
    }
    id(context, at, &read.id);
}

/// An id that later steps name.
pub(super) fn id(context: &mut Context<'_>, at: At<'_>, id: &Spanned<String>) {
    if !is_dns_label(id) {
        let message = format!("`{}` is no id: lower-case letters, digits and `-`", id.value);
        context.push(context.error("invalid-name", id.span, message));
    }
    if context.outputs_before(at.step).contains_key(&id.value) {
        let message = format!("an earlier step has the id `{}`", id.value);
        context.push(context.error("duplicate-id", id.span, message));
    }
}

impl Context<'_> {
    /// What the steps before a step will have found.
    pub(super) fn outputs_before(&self, step: usize) -> BTreeMap<String, Outputs> {
        let before = self.scenario.steps.iter().take(step);
        let outputs = before.filter_map(|step| step.verb.outputs());
        outputs.map(|(id, outputs)| (id.value.clone(), outputs)).collect()
    }
}
