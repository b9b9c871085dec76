//! Faults: what they befall, and which of them are in force.

use std::collections::BTreeMap;

use yaml::{Span, suggest};

use super::{At, Context};
use crate::verb::{Fault, Heal, Match, Subject, Verdict};

/// What API servers and what stands before them answer in trouble.
const CODES: [u16; 5] = [429, 500, 502, 503, 504];
const ONE_OF: &str = "one of `cluster`, `between`, `from` with `to`, `credential`, `permission`, `namespace`, `workload`, `authority`, `clock`, `node` and `requests` is needed";

/// Faults that are in force at a step: id, and where it stands.
pub(super) type InForce<'c> = BTreeMap<&'c str, Span>;

pub(super) fn fault<'c>(context: &mut Context<'c>, at: At<'_>, fault: &'c Fault, in_force: &mut InForce<'c>) {
    fault.matches.clusters().for_each(|id| context.cluster(id));
    let (matched, verdict) = (context.field(at, "match"), context.field(at, "verdict"));
    match fault.matches.subjects()[..] {
        [subject] if subject != fault.verdict.subject() => {
            let message = format!(
                "this verdict is about {}, not about {}",
                fault.verdict.subject().as_str(),
                subject.as_str()
            );
            context.push(context.error("contradiction", verdict, message));
        }
        [Subject::Traffic] => traffic(context, &fault.matches, matched),
        [_] => {}
        [] => context.push(context.error("one-of", matched, ONE_OF)),
        [first, second, ..] => {
            let message = format!("a fault befalls one thing, not both {} and {}", first.as_str(), second.as_str());
            context.push(context.error("one-of", matched, message));
        }
    }
    let message = match fault.verdict {
        Verdict::Pause if fault.matches.cluster.is_none() => "a machine is paused, not traffic; name it with `match: {cluster: ...}`",
        Verdict::Delay(by) if by.get().is_zero() => "a delay of nothing is no fault",
        Verdict::Ahead(by) | Verdict::Behind(by) if by.get().is_zero() => "a clock that is right is no fault",
        Verdict::Flap(flap) if flap.up.get().is_zero() || flap.down.get().is_zero() => "`up` and `down` take some time each",
        Verdict::Crash(crash) if crash.times == 0 => "`times` is at least 1",
        Verdict::Status(status) if !(status.rate > 0.0 && status.rate <= 1.0) => "`rate` is above 0 and at most 1",
        Verdict::Status(status) if !CODES.contains(&status.code) => "`code` is 429, 500, 502, 503 or 504",
        _ => "",
    };
    if !message.is_empty() {
        context.push(context.error("invalid-value", verdict, message));
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

fn traffic(context: &mut Context<'_>, matches: &Match, span: Span) {
    match (&matches.cluster, matches.between.as_slice(), &matches.from, &matches.to) {
        (Some(_), [], None, None) => {}
        (None, [one, two], None, None) | (None, [], Some(one), Some(two)) if one.value == two.value => {
            let message = format!("traffic inside of `{}` is never touched; name two clusters", one.value);
            context.push(context.error("invalid-value", two.span, message));
        }
        (None, [_, _], None, None) | (None, [], Some(_), Some(_)) => {}
        (None, [_, ..], None, None) => context.push(context.error("invalid-value", span, "`between` names two clusters")),
        _ => context.push(context.error("one-of", span, "one of `cluster`, `between`, or `from` with `to` is needed")),
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
