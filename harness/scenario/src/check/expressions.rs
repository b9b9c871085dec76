//! Expressions in the scenario file: only where they are resolved, and only with names that exist.

use yaml::Span;
use yaml::tree::{Node, Value};

use super::Context;
use crate::expression::{Bindings, Expression, ExpressionError, Found, Known, OPEN, find};
use crate::files::{diagnostic, expression_in_key};

/// What a field's expressions may become.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Becomes {
    /// A value of their own type, where nothing else stands beside them.
    OfType,
    /// Text, whatever stands in it.
    Text,
}

use Becomes::{OfType, Text};

/// The fields whose values are resolved, by verb.
const RESOLVED: [(&[&str], Becomes); 29] = [
    (&["exec", "on"], Text),
    (&["script", "on"], Text),
    (&["patch", "on"], Text),
    (&["delete", "on"], Text),
    (&["restart", "on"], Text),
    (&["read", "on"], Text),
    (&["wait", "until", "on"], Text),
    (&["expect", "resources", "on"], Text),
    (&["expect", "pods", "on"], Text),
    (&["deploy", "values"], OfType),
    (&["deploy", "set"], Text),
    (&["upgrade", "values"], OfType),
    (&["upgrade", "set"], Text),
    (&["submit", "inputs"], OfType),
    (&["apply", "objects"], OfType),
    (&["patch", "patch"], OfType),
    (&["exec", "command"], Text),
    (&["exec", "env"], Text),
    (&["script", "run"], Text),
    (&["script", "env"], Text),
    (&["always", "matches"], OfType),
    (&["never", "matches"], OfType),
    (&["expect", "resources", "matches"], OfType),
    (&["expect", "resources", "name"], Text),
    (&["patch", "name"], Text),
    (&["delete", "name"], Text),
    (&["restart", "name"], Text),
    (&["read", "name"], Text),
    (&["wait", "until", "name"], Text),
];

pub(super) fn check(context: &mut Context<'_>) {
    let root = &context.parsed.root;
    for entry in root.mapping().unwrap_or_default() {
        let steps = if entry.key.text == "steps" { entry.value.sequence() } else { None };
        match steps {
            Some(steps) => steps.iter().enumerate().for_each(|(at, step)| {
                // Of a step that could not be read, what was before it is known all the same.
                let index = context.parsed.step_index.partition_point(|index| *index < at);
                walk(context, index, step, &mut Vec::new());
            }),
            None => walk(context, 0, &entry.value, &mut vec![&entry.key.text]),
        }
    }
}

/// Walks a step; `path` is the way from the verb down.
fn walk<'n>(context: &mut Context<'_>, step: usize, node: &'n Node, path: &mut Vec<&'n str>) {
    match &node.value {
        Value::Scalar(scalar) => text(context, step, &scalar.text, node.span, path),
        Value::Sequence(nodes) => nodes.iter().for_each(|node| walk(context, step, node, path)),
        Value::Mapping(entries) => {
            for entry in entries {
                if let Some(diagnostic) = expression_in_key(entry, context.file) {
                    context.push(diagnostic);
                }
                path.push(&entry.key.text);
                walk(context, step, &entry.value, path);
                path.pop();
            }
        }
    }
}

fn text(context: &mut Context<'_>, step: usize, text: &str, span: Span, path: &[&str]) {
    if !text.contains(OPEN) {
        return;
    }
    let place = RESOLVED.iter().find(|(allowed, _)| path.starts_with(allowed));
    let only_data = || find(text).is_ok_and(|(found, _)| found.iter().all(|part| matches!(part.expression, Expression::Data(_))));
    let Some((_, becomes)) = place else {
        // What is left of the file's own names is faulty, and reported where it was to be replaced.
        if !only_data() {
            let places: Vec<String> = RESOLVED.iter().map(|(path, _)| format!("`{}`", path.join("."))).collect();
            let help = format!(
                "what is known only when a step runs is resolved in {}, and in values and manifest files; `vars`, `each` and `namespaces` stand \
                 in every value",
                places.join(", ")
            );
            context.push(context.error("expression-place", span, "no such expression here").help(help));
        }
        return;
    };
    if let Err(error) = names(context, step, text, *becomes == Text)
        && !only_data()
    {
        context.push(diagnostic(&error, text, span, context.file, context.text));
    }
}

/// Checks the expressions of a text against the names that a step knows. `in_text`: whatever it holds is text.
pub(super) fn names(context: &Context<'_>, step: usize, text: &str, in_text: bool) -> Result<(), ExpressionError> {
    let (found, _) = find(text)?;
    if found.is_empty() || !context.parsed.clusters_complete {
        return Ok(());
    }
    let steps = context.outputs_before(step);
    let bindings = Bindings {
        each: context.scenario.steps.get(step).map(|step| step.each.clone()).unwrap_or_default(),
        ..context.parsed.bindings.clone()
    };
    let known = Known {
        clusters: context.scenario.clusters.keys().collect(),
        bindings: &bindings,
        steps: &steps,
    };
    let whole = |part: &Found<'_>| part.range == (0..text.len());
    let known_steps = context.parsed.steps_complete;
    let outputs = |part: &Found<'_>| matches!(part.expression, Expression::Output(_));
    let checked = found.iter().filter(|part| known_steps || !outputs(part));
    checked.into_iter().try_for_each(|part| known.check(part, in_text || !whole(part)))
}
