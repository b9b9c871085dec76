//! The files that steps name: there, readable, and with expressions that have a value.

use std::path::Path;

use yaml::tree::{self, Node, Value};
use yaml::{Diagnostic, Spanned};

use super::{Context, expressions};
use crate::files::{self, AttributeFile};
use crate::{InputKind, Scenario};

pub(super) fn check(context: &mut Context<'_>) {
    let scenario = context.scenario;
    // What a file's expressions stand for goes by the step's variables.
    let mut seen = Vec::new();
    let inputs = scenario.steps.iter().enumerate();
    for (step, input) in inputs.flat_map(|(index, step)| step.verb.inputs().into_iter().map(move |input| (index, input))) {
        match input.kind {
            InputKind::Chart => chart(context, scenario, input.path),
            InputKind::Yaml => {
                let file = (input.path.as_str(), &scenario.steps[step].each);
                if !seen.contains(&file) {
                    seen.push(file);
                    values(context, step, input.path);
                }
            }
            InputKind::Attributes => attributes(context, scenario, input.path),
            // Read with the step that names it: what is right depends on what it is for.
            InputKind::Policy => {}
            InputKind::Workflows => {
                read(context, &scenario.path(input.path), input.path);
            }
        }
    }
}

fn chart(context: &mut Context<'_>, scenario: &Scenario, chart: &Spanned<String>) {
    let folder = scenario.path(chart);
    if !folder.is_file() && !folder.join("Chart.yaml").is_file() {
        let message = format!("there is no chart at {}", folder.display());
        let help = if chart.starts_with("oci://") {
            super::releases::OCI
        } else if chart.contains("://") {
            "a chart of a repository is given by `repo: https://...` and `chart: NAME`; download an archive to give its path"
        } else if folder.is_dir() {
            "the folder holds no Chart.yaml"
        } else {
            "paths count from the scenario's folder"
        };
        context.push(context.error("file-missing", chart.span, message).help(help));
    }
}

/// A values or manifest file: YAML, with known names in its expressions.
fn values(context: &mut Context<'_>, step: usize, file: &Spanned<String>) {
    let path = context.scenario.path(file);
    let Some(text) = read(context, &path, file) else { return };
    let name = path.display().to_string();
    context.sources.add(name.clone(), text.clone());
    match tree::documents(&text) {
        Ok(documents) => documents.iter().for_each(|node| walk(context, step, node, &name, &text)),
        Err(error) => context.push(error.diagnostic(name)),
    }
}

fn walk(context: &mut Context<'_>, step: usize, node: &Node, file: &str, source: &str) {
    match &node.value {
        Value::Scalar(scalar) => {
            if let Err(error) = expressions::names(context, step, &scalar.text, false) {
                context.push(files::diagnostic(&error, &scalar.text, node.span, file, source));
            }
        }
        Value::Sequence(nodes) => nodes.iter().for_each(|node| walk(context, step, node, file, source)),
        Value::Mapping(entries) => {
            for entry in entries {
                if let Some(diagnostic) = files::expression_in_key(entry, file) {
                    context.push(diagnostic);
                }
                walk(context, step, &entry.value, file, source);
            }
        }
    }
}

fn attributes(context: &mut Context<'_>, scenario: &Scenario, file: &Spanned<String>) {
    let path = scenario.path(file);
    let Some(text) = read(context, &path, file) else { return };
    let name = path.display().to_string();
    context.sources.add(name.clone(), text.clone());
    if let Err(error) = yaml::strict::from_str::<AttributeFile>(&text) {
        context.push(error.diagnostic(name));
    }
}

pub(super) fn read(context: &mut Context<'_>, path: &Path, named: &Spanned<String>) -> Option<String> {
    std::fs::read_to_string(path)
        .map_err(|error| {
            let message = format!("cannot read {}: {error}", path.display());
            let diagnostic = Diagnostic::error("file-missing", message).at(context.file, named.span);
            context.push(diagnostic.help("paths count from the scenario's folder"));
        })
        .ok()
}
