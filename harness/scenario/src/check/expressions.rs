//! Expressions in the scenario file: only where they are resolved, and only with names that exist.

use yaml::Span;
use yaml::tree::{Node, Value};

use super::Context;
use crate::expression::{Known, OPEN, find};
use crate::files::{diagnostic, expression_in_key};

/// The fields whose values are resolved, by verb.
const RESOLVED: [&[&str]; 14] = [
    &["deploy", "values"],
    &["deploy", "set"],
    &["upgrade", "values"],
    &["upgrade", "set"],
    &["submit", "inputs"],
    &["apply", "objects"],
    &["patch", "patch"],
    &["exec", "command"],
    &["exec", "env"],
    &["script", "run"],
    &["script", "env"],
    &["always", "matches"],
    &["never", "matches"],
    &["expect", "resources", "matches"],
];

pub(super) fn check(context: &mut Context<'_>) {
    let root = &context.parsed.root;
    for entry in root.mapping().unwrap_or_default() {
        let steps = if entry.key.text == "steps" { entry.value.sequence() } else { None };
        match steps {
            Some(steps) => steps.iter().for_each(|step| walk(context, step, &mut Vec::new())),
            None => walk(context, &entry.value, &mut vec![&entry.key.text]),
        }
    }
}

/// Walks a step; `path` is the way from the verb down.
fn walk<'n>(context: &mut Context<'_>, node: &'n Node, path: &mut Vec<&'n str>) {
    match &node.value {
        Value::Scalar(scalar) => text(context, &scalar.text, node.span, path),
        Value::Sequence(nodes) => nodes.iter().for_each(|node| walk(context, node, path)),
        Value::Mapping(entries) => {
            for entry in entries {
                if let Some(diagnostic) = expression_in_key(entry, context.file) {
                    context.push(diagnostic);
                }
                path.push(&entry.key.text);
                walk(context, &entry.value, path);
                path.pop();
            }
        }
    }
}

fn text(context: &mut Context<'_>, text: &str, span: Span, path: &[&str]) {
    if !text.contains(OPEN) {
        return;
    }
    if !RESOLVED.iter().any(|allowed| path.starts_with(allowed)) {
        let places: Vec<String> = RESOLVED.iter().map(|path| format!("`{}`", path.join("."))).collect();
        let help = format!("they are resolved in {}, and in values and manifest files", places.join(", "));
        context.push(context.error("expression-place", span, "no expressions here").help(help));
        return;
    }
    if let Err(error) = names(context, text) {
        context.push(diagnostic(&error, text, span, context.file, context.text));
    }
}

/// Checks the expressions of a text against the scenario's names.
pub(super) fn names(context: &Context<'_>, text: &str) -> Result<(), crate::expression::ExpressionError> {
    let (found, _) = find(text)?;
    if !context.parsed.clusters_complete {
        return Ok(());
    }
    let known = Known {
        clusters: context.scenario.clusters.keys().collect(),
        vars: context.scenario.vars.keys().collect(),
    };
    found.iter().try_for_each(|found| known.check(found))
}
