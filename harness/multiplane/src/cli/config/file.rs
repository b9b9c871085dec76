//! The file: a mapping of commands to mappings of options.

use std::path::Path;

use clap::{Arg, Command};
use yaml::diagnostic::Sources;
use yaml::tree::{Node, Value};
use yaml::{Diagnostic, Diagnostics, suggest, tree};

use super::{Origin, Setting, Settings, commands, id, options};
use crate::cli::exit::Failure;

/// Reads the file.
pub(super) fn read(file: &Path, root: &Command) -> Result<Settings, Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| Failure::invalid(format!("error: cannot read {name}: {error}")))?;
    let mut diagnostics = Diagnostics::default();
    let mut settings = Settings::default();
    match tree::parse(&text) {
        Ok(Some(node)) => each(&node, &name, &mut diagnostics, |entry, diagnostics| {
            let known: Vec<&str> = commands(root).map(Command::get_name).collect();
            let Some(command) = commands(root).find(|command| command.get_name() == entry.key.text) else {
                let message = format!("there is no command `{}`", entry.key.text);
                let help = suggest::help(&entry.key.text, &known);
                diagnostics.push(Diagnostic::error("unknown-command", message).at(&name, entry.key_span).help(help));
                return;
            };
            each(&entry.value, &name, diagnostics, |entry, diagnostics| {
                option(command, entry, (file, &name), &mut settings, diagnostics);
            });
        }),
        Ok(None) => {}
        Err(error) => diagnostics.push(error.diagnostic(&name)),
    }
    if diagnostics.has_errors() {
        let mut sources = Sources::default();
        sources.add(name, text);
        return Err(Failure::invalid(diagnostics.render(&sources, false)));
    }
    Ok(settings)
}

fn each(node: &Node, file: &str, diagnostics: &mut Diagnostics, mut one: impl FnMut(&tree::Entry, &mut Diagnostics)) {
    match node.mapping() {
        Some(entries) => entries.iter().for_each(|entry| one(entry, diagnostics)),
        None => diagnostics.push(Diagnostic::error("invalid-value", "expected a mapping").at(file, node.span)),
    }
}

fn option(command: &Command, entry: &tree::Entry, (file, name): (&Path, &str), settings: &mut Settings, diagnostics: &mut Diagnostics) {
    let Some(arg) = options(command).find(|arg| arg.get_long() == Some(entry.key.text.as_str())) else {
        let known: Vec<&str> = options(command).filter_map(Arg::get_long).collect();
        let message = format!("`multiplane {}` has no option `{}`", command.get_name(), entry.key.text);
        let help = suggest::help(&entry.key.text, &known);
        diagnostics.push(Diagnostic::error("unknown-option", message).at(name, entry.key_span).help(help));
        return;
    };
    let values: Option<Vec<String>> = match &entry.value.value {
        Value::Scalar(scalar) => Some(vec![scalar.text.clone()]),
        Value::Sequence(nodes) => nodes.iter().map(|node| node.text().map(str::to_owned)).collect(),
        Value::Mapping(_) => None,
    };
    let Some(values) = values else {
        let message = "expected a value, or a list of values";
        diagnostics.push(Diagnostic::error("invalid-value", message).at(name, entry.value.span));
        return;
    };
    let setting = Setting {
        values,
        origin: Origin::File(file.to_owned(), entry.key_span.line, entry.key_span.column),
    };
    settings.0.insert((command.get_name().to_owned(), id(arg)), setting);
}
