//! Expectations that could never come true, or never fail.

use super::kinds::{self, Of};
use super::{At, Context, identity, invariants, shares};
use crate::verb::{Elsewhere, Expect, Phase, Placement, Pods, Resources};

pub(super) fn check(context: &mut Context<'_>, at: At<'_>, expect: &Expect, account: &identity::Known<'_>) {
    let kind = match expect {
        Expect::Placement(_) => "placement",
        Expect::Pods(_) => "pods",
        Expect::Resources(_) => "resources",
        Expect::AssumeRole(_) => "assumeRole",
        Expect::ObjectAccess(_) => "objectAccess",
    };
    let path = ["expect", kind];
    let at = At {
        step: at.step,
        path: &path,
    };
    let (within, hold) = match expect {
        Expect::Placement(expected) => {
            placement(context, at, expected);
            (expected.within, expected.hold)
        }
        Expect::Pods(expected) => {
            pods(context, at, expected);
            (expected.within, expected.hold)
        }
        Expect::Resources(expected) => {
            resources(context, at, expected);
            (expected.within, expected.hold)
        }
        Expect::AssumeRole(expected) => {
            identity::assume_role(context, at, expected, account);
            (None, None)
        }
        Expect::ObjectAccess(expected) => {
            identity::object_access(context, at, expected, account);
            (None, None)
        }
    };
    if hold.is_some() && within.is_none() {
        let span = context.field(at, "hold");
        context.push(
            context
                .error("hold-without-within", span, "`hold` needs `within`")
                .help("say how long it may take to come true before it must stay so, as `within: 30s`"),
        );
    }
}

fn placement(context: &mut Context<'_>, at: At<'_>, placement: &Placement) {
    let submit = context.submit(&placement.of);
    let kinds = [
        ("on", placement.on.is_some()),
        ("oneOf", !placement.one_of.is_empty()),
        ("atLeast", placement.at_least.is_some()),
        ("distribution", !placement.distribution.is_empty()),
        ("nowhere", placement.nowhere),
    ];
    context.exactly_one(at, &kinds);
    for clusters in placement.on.iter().chain(&placement.one_of).chain(&placement.at_least) {
        context.clusters(clusters);
    }
    let each = [("on", &placement.on), ("atLeast", &placement.at_least)];
    for (field, clusters) in each.into_iter().filter_map(|(field, clusters)| Some((field, clusters.as_ref()?))) {
        let (clusters, executions) = (clusters.iter().count(), submit.map(|submit| submit.execution_names().len()));
        if let Some(executions) = executions.filter(|executions| *executions < clusters) {
            let message = format!(
                "{clusters} clusters cannot have some each: `{}` starts {executions}",
                placement.of.value
            );
            context.push(context.error("contradiction", context.field(at, field), message));
        }
    }
    if placement.nowhere && placement.elsewhere == Elsewhere::Allowed {
        let span = context.field(at, "elsewhere");
        context.push(context.error(
            "contradiction",
            span,
            "`nowhere` looks at every cluster, `elsewhere: allowed` at none",
        ));
    }
    if placement.error.is_some() && placement.phase != Some(Phase::Failed) && placement.phase != Some(Phase::Aborted) {
        let span = context.field(at, "error");
        context.push(context.error("contradiction", span, "`error` needs `phase: FAILED` or `phase: ABORTED`"));
    }
    if placement
        .reason
        .as_ref()
        .is_some_and(|reason| reason.label.is_none() && reason.pool.is_none())
    {
        let span = context.field(at, "reason");
        context.push(context.error("missing-field", span, "`reason` needs `label`, `pool` or both"));
    }
    shares::check(context, at, placement, submit);
}

fn pods(context: &mut Context<'_>, at: At<'_>, pods: &Pods) {
    context.clusters(&pods.on);
    if pods.all.is_none() && pods.count.is_none() {
        let span = context.scenario.steps[at.step].span;
        context.push(context.error("one-of", span, "`all` or `count` is needed"));
    }
    if pods.all.is_some() && pods.count == Some(0) {
        context.push(context.error("contradiction", context.field(at, "count"), "`all` needs at least one pod"));
    }
}

fn resources(context: &mut Context<'_>, at: At<'_>, resources: &Resources) {
    context.clusters(&resources.on);
    let demands = [
        ("matches", resources.matches.is_some()),
        ("cel", resources.cel.is_some()),
        ("absent", resources.absent),
        ("count", resources.count.is_some()),
    ];
    context.exactly_one(at, &demands);
    let of = Of {
        api_version: &resources.api_version,
        kind: &resources.kind,
    };
    let known = kinds::kind(context, at, of);
    if let Some(cel) = &resources.cel {
        invariants::condition(context, cel, known.then_some(of));
    }
    if let Some(matches) = resources.matches.as_ref().filter(|_| known) {
        kinds::fields(context, at, of, matches);
    }
    if let (Some(_), Some(selector)) = (&resources.name, &resources.selector) {
        context.push(context.error("one-of", selector.span, "`name` and `selector` exclude each other"));
    }
    if resources.name.is_some() && resources.count.is_some() {
        context.push(context.error(
            "one-of",
            context.field(at, "count"),
            "`count` of one name: use `matches` or `absent`",
        ));
    }
}
