//! Conditions that stay active: which of them are, and what they say.

use std::collections::BTreeMap;

use yaml::{Span, Spanned, suggest};

use super::kinds::{self, Of};
use super::{At, Context};
use crate::condition::Condition;
use crate::verb::{Invariant, Relax};

/// Conditions that are active at a step: id, and where it stands.
pub(super) type Active<'c> = BTreeMap<&'c str, Span>;

pub(super) fn always<'c>(context: &mut Context<'c>, at: At<'_>, invariant: &'c Invariant, active: &mut Active<'c>) {
    let kinds = [
        ("matches", invariant.matches.is_some()),
        ("cel", invariant.cel.is_some()),
        ("count", invariant.count.is_some()),
    ];
    context.exactly_one(at, &kinds);
    begin(context, at, invariant, active);
}

pub(super) fn never<'c>(context: &mut Context<'c>, at: At<'_>, invariant: &'c Invariant, active: &mut Active<'c>) {
    if invariant.matches.is_some() && invariant.cel.is_some() {
        context.exactly_one(at, &[("matches", true), ("cel", true)]);
    }
    if invariant.count.is_some() {
        let span = context.field(at, "count");
        context.push(
            context
                .error("invalid-value", span, "`never` has no `count`")
                .help("without `matches` and `cel` there may be no such object; `always` takes a `count`"),
        );
    }
    begin(context, at, invariant, active);
}

fn begin<'c>(context: &mut Context<'c>, at: At<'_>, invariant: &'c Invariant, active: &mut Active<'c>) {
    context.clusters(&invariant.on);
    if let (Some(_), Some(selector)) = (&invariant.name, &invariant.selector) {
        context.push(context.error("one-of", selector.span, "`name` and `selector` exclude each other"));
    }
    if invariant.name.is_some() && invariant.count.is_some() {
        let span = context.field(at, "count");
        context.push(context.error("one-of", span, "`count` of one name: use `matches`"));
    }
    let of = Of {
        api_version: &invariant.api_version,
        kind: &invariant.kind,
    };
    let known = kinds::kind(context, at, of);
    if let Some(cel) = &invariant.cel {
        condition(context, cel, known.then_some(of));
    }
    if let Some(matches) = invariant.matches.as_ref().filter(|_| known) {
        kinds::fields(context, at, of, matches);
    }
    if active.insert(&invariant.id.value, invariant.id.span).is_some() {
        let message = format!("`{}` is active already", invariant.id.value);
        context.push(
            context
                .error("duplicate-id", invariant.id.span, message)
                .help("relax it first, or take another id"),
        );
    }
}

pub(super) fn relax<'c>(context: &mut Context<'c>, relax: &'c Relax, active: &mut Active<'c>) {
    for id in relax.of.iter() {
        if active.remove(id.value.as_str()).is_none() && context.parsed.steps_complete {
            let known: Vec<&&str> = active.keys().collect();
            let message = format!("no `always` or `never` with the id `{}` is active here", id.value);
            context.push(
                context
                    .error("unknown-invariant", id.span, message)
                    .help(suggest::help(&id.value, &known)),
            );
        }
    }
}

/// Demands that a text is a condition in CEL, and one that objects of the kind can meet if that is known.
pub(super) fn condition(context: &mut Context<'_>, text: &Spanned<String>, of: Option<Of<'_>>) {
    match (Condition::compile(&text.value), of) {
        (Err(error), _) => {
            let mut diagnostic = context.error("condition", text.span, error.message);
            diagnostic.help = error.help;
            context.push(diagnostic);
        }
        (Ok(_), Some(of)) => kinds::condition(context, of, text),
        (Ok(_), None) => {}
    }
}
