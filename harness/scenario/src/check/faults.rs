//! Faults: what they befall, and which of them are in force.

use std::collections::BTreeMap;

use yaml::{Span, suggest};

use super::{At, Context};
use crate::verb::{Fault, Heal, Match, Verdict};

/// Faults that are in force at a step: id, and where it stands.
pub(super) type InForce<'c> = BTreeMap<&'c str, Span>;

pub(super) fn fault<'c>(context: &mut Context<'c>, at: At<'_>, fault: &'c Fault, in_force: &mut InForce<'c>) {
    let Match {
        cluster,
        between,
        from,
        to,
    } = &fault.matches;
    let span = context.field(at, "match");
    let named = [cluster, from, to].into_iter().flatten().chain(between);
    named.for_each(|id| context.cluster(id));
    match (cluster, between.as_slice(), from, to) {
        (Some(_), [], None, None) => {}
        (None, [one, two], None, None) | (None, [], Some(one), Some(two)) if one.value == two.value => {
            let message = format!("traffic inside of `{}` is never touched; name two clusters", one.value);
            context.push(context.error("invalid-value", two.span, message));
        }
        (None, [_, _], None, None) | (None, [], Some(_), Some(_)) => {}
        (None, [_, ..], None, None) => context.push(context.error("invalid-value", span, "`between` names two clusters")),
        _ => context.push(context.error("one-of", span, "one of `cluster`, `between`, or `from` with `to` is needed")),
    }
    match fault.verdict {
        Verdict::Pause if cluster.is_none() => {
            let span = context.field(at, "verdict");
            context.push(context.error(
                "invalid-value",
                span,
                "a machine is paused, not traffic; name it with `match: {cluster: ...}`",
            ));
        }
        Verdict::Delay(by) if by.get().is_zero() => {
            let span = context.field(at, "verdict");
            context.push(context.error("invalid-value", span, "a delay of nothing is no fault"));
        }
        _ => {}
    }
    if in_force.insert(&fault.id.value, fault.id.span).is_some() {
        let message = format!("fault `{}` is in force already", fault.id.value);
        context.push(
            context
                .error("duplicate-id", fault.id.span, message)
                .help("heal it first, or take another id"),
        );
    }
}

pub(super) fn heal<'c>(context: &mut Context<'c>, heal: &'c Heal, in_force: &mut InForce<'c>) {
    for id in heal.fault.iter() {
        if in_force.remove(id.value.as_str()).is_none() && context.parsed.steps_complete {
            let known: Vec<&&str> = in_force.keys().collect();
            let message = format!("no fault `{}` is in force here", id.value);
            context.push(
                context
                    .error("unknown-fault", id.span, message)
                    .help(suggest::help(&id.value, &known)),
            );
        }
    }
}
