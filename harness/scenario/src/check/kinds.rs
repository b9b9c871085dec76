//! What steps say of objects, held against the schemas of their kinds.

use serde_json::{Map, Value};
use yaml::tree::Step as PathStep;
use yaml::{Span, Spanned, suggest};

use super::{At, Context};
use crate::expression::OPEN;
use crate::kinds::{Key, UnknownField};

/// The objects that a step speaks of.
#[derive(Clone, Copy)]
pub(super) struct Of<'s> {
    pub(super) api_version: &'s str,
    pub(super) kind: &'s str,
}

/// Checks the kind itself. Whether the rest can be checked.
pub(super) fn kind(context: &mut Context<'_>, at: At<'_>, of: Of<'_>) -> bool {
    let known = context.kinds.and_then(|kinds| kinds.of_version(of.api_version));
    let Some(known) = known.filter(|_| !of.kind.contains(OPEN)) else {
        return false;
    };
    if known.iter().any(|known| known == of.kind) {
        return true;
    }
    let message = format!("there is no kind `{}` in `{}`", of.kind, of.api_version);
    let diagnostic = context.error("unknown-kind", context.field(at, "kind"), message);
    context.push(match suggest::nearest(of.kind, &known) {
        Some(near) => diagnostic.help(format!("do you mean `{near}`?")),
        None => diagnostic,
    });
    false
}

/// Demands the namespace of one object that is in one.
pub(super) fn namespace(context: &mut Context<'_>, of: Of<'_>, name: Option<&Spanned<String>>, namespace: Option<&str>) {
    let (Some(name), None) = (name, namespace) else { return };
    let known = context.kinds.and_then(|kinds| kinds.is_namespaced(of.api_version, of.kind));
    if known == Some(true) {
        let message = format!("`namespace` is missing: a {} is in one", of.kind);
        context.push(context.error("missing-field", name.span, message).help("as `namespace: default`"));
    }
}

/// Checks the fields that objects are to have.
pub(super) fn fields(context: &mut Context<'_>, at: At<'_>, of: Of<'_>, matches: &Map<String, Value>) {
    let fields = Value::Object(matches.clone());
    let unknown = context
        .kinds
        .and_then(|kinds| kinds.unknown_field(of.api_version, of.kind, &fields));
    let Some(unknown) = unknown else { return };
    let Some(Key::Field(name)) = unknown.path.last() else { return };
    let span = place(context, at, &unknown);
    let message = format!("a {} has no field `{}`", of.kind, written(&unknown.path));
    let diagnostic = context.error("unknown-field", span, message);
    context.push(diagnostic.help(suggest::help(name, &unknown.known)));
}

/// Checks a condition.
pub(super) fn condition(context: &mut Context<'_>, of: Of<'_>, text: &Spanned<String>) {
    if text.value.contains(OPEN) {
        return;
    }
    let checked = context.kinds.map(|kinds| kinds.condition(of.api_version, of.kind, &text.value));
    if let Some(Err(message)) = checked {
        context.push(context.error("condition", text.span, format!("of a {}: {message}", of.kind)));
    }
}

fn place(context: &Context<'_>, at: At<'_>, unknown: &UnknownField) -> Span {
    let steps = [PathStep::from("steps"), context.parsed.step_index[at.step].into()];
    let within = at.path.iter().map(|key| PathStep::Key(key)).chain([PathStep::Key("matches")]);
    let (last, before) = match unknown.path.split_last() {
        Some((Key::Field(last), before)) => (last.as_str(), before),
        _ => ("", &[][..]),
    };
    let inside = before.iter().map(|key| match key {
        Key::Field(name) => PathStep::Key(name),
        Key::Item(index) => PathStep::Index(*index),
    });
    let node = context.parsed.root.at(steps.into_iter().chain(within).chain(inside));
    let entry = node.and_then(|node| node.entry(last));
    entry.map_or_else(|| context.field(at, "matches"), |entry| entry.key_span)
}

fn written(path: &[Key]) -> String {
    path.iter().fold(String::new(), |text, key| match key {
        Key::Field(name) if text.is_empty() => name.clone(),
        Key::Field(name) => format!("{text}.{name}"),
        Key::Item(index) => format!("{text}[{index}]"),
    })
}
