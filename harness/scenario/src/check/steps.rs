//! Steps in order: credentials, objects to apply, time. Others have files of their own.

use yaml::suggest;

use super::{At, Context, expectations, faults, flyte, identity, invariants, objects, outputs, releases};
use crate::verb::{Apply, Grant, Spoil, Wait};
use crate::{NamespacedName, Verb};

pub(super) fn check(context: &mut Context<'_>) {
    let mut there = releases::Releases::new();
    let mut in_force = faults::InForce::new();
    let mut account = identity::Known::default();
    let mut active = invariants::Active::new();
    for (step, verb) in context.scenario.steps.iter().map(|step| &step.verb).enumerate() {
        let path = [verb.name()];
        let at = At { step, path: &path };
        match verb {
            Verb::Deploy(deploy) => releases::install(context, at, deploy, &mut there),
            Verb::Upgrade(upgrade) => releases::upgrade(context, at, upgrade, &there),
            Verb::Rollback(rollback) => releases::rollback(context, at, rollback, &there),
            Verb::Uninstall(uninstall) => releases::uninstall(context, uninstall, &mut there),
            Verb::Grant(grant) => credentials(context, at, grant),
            Verb::Revoke(revoke) => context.clusters(&revoke.from),
            Verb::Iam(step) => identity::iam(context, at, step, &mut account),
            Verb::Project(project) => flyte::project(context, project),
            Verb::Label(label) => flyte::label(context, at, label),
            Verb::Register(register) => flyte::target(context, &register.project, &register.domain),
            Verb::Submit(submit) => flyte::submit(context, at, submit),
            Verb::Terminate(terminate) => {
                context.submit(&terminate.of);
            }
            Verb::Apply(apply) => apply_objects(context, at, apply),
            Verb::Patch(patch) => objects::patch(context, at, patch),
            Verb::Delete(delete) => objects::delete(context, at, delete),
            Verb::Restart(restart) => context.clusters(&restart.on),
            Verb::Exec(exec) => {
                context.clusters(&exec.on);
                exec.id.iter().for_each(|id| outputs::id(context, at, id));
            }
            Verb::Script(script) => {
                context.clusters(&script.on);
                script.id.iter().for_each(|id| outputs::id(context, at, id));
                if script.run.trim().is_empty() {
                    context.push(context.error("invalid-value", script.run.span, "the script is empty"));
                }
            }
            Verb::Read(read) => outputs::read(context, at, read),
            Verb::Wait(wait) => time(context, at, wait),
            Verb::Fault(fault) => faults::fault(context, at, fault, &mut in_force),
            Verb::Heal(heal) => faults::heal(context, heal, &mut in_force),
            Verb::Always(always) => invariants::always(context, at, always, &mut active),
            Verb::Never(never) => invariants::never(context, at, never, &mut active),
            Verb::Relax(relax) => invariants::relax(context, relax, &mut active),
            Verb::Expect(expect) => expectations::check(context, at, expect, &account),
        }
    }
}

fn credentials(context: &mut Context<'_>, at: At<'_>, grant: &Grant) {
    context.clusters(&grant.from);
    context.cluster(&grant.to.cluster);
    let from: Vec<&String> = grant.from.iter().map(|id| &id.value).collect();
    let keys = context.field(at, "keys");
    for (id, names) in &grant.keys {
        if !from.contains(&id) {
            let message = format!("`keys` names `{id}`, which is not in `from`");
            context.push(
                context
                    .error("unknown-cluster", grant.to.cluster.span, message)
                    .help(suggest::help(id, &from)),
            );
        }
        for key in [&names.token, &names.cacert].into_iter().flatten() {
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if key.is_empty() || key.len() > 253 || !key.chars().all(legal) {
                let message = format!("`{key}` is no key of a Secret: letters, digits, `-`, `_` and `.`");
                context.push(context.error("invalid-name", keys, message));
            }
        }
    }
    if grant.spoil.is_some_and(Spoil::needs_fault) {
        let span = context.field(at, "spoil");
        context.push(
            context
                .error("invalid-value", span, "only a credential that served before can be so")
                .help("grant it, then use `fault: {match: {credential: ...}, verdict: {spoil: ...}}`"),
        );
    }
    let NamespacedName { namespace, name } = &grant.to.secret;
    if grant.from.iter().any(|id| id.value == grant.to.cluster.value) && *name == crate::token_secret_name(&grant.to.cluster) {
        let message = format!("`{namespace}/{name}` is the token's own Secret");
        context.push(context.error("name-collision", grant.to.cluster.span, message));
    }
}

fn apply_objects(context: &mut Context<'_>, at: At<'_>, apply: &Apply) {
    context.clusters(&apply.on);
    if apply.manifests.is_empty() && apply.objects.is_empty() {
        let span = context.scenario.steps[at.step].span;
        context.push(context.error("one-of", span, "`manifests` or `objects` is needed"));
    }
    for object in &apply.objects {
        let named = object
            .get("metadata")
            .and_then(|metadata| metadata.get("name"))
            .is_some_and(serde_json::Value::is_string);
        if !named
            || ["apiVersion", "kind"]
                .iter()
                .any(|field| !object.get(*field).is_some_and(serde_json::Value::is_string))
        {
            let span = context.field(at, "objects");
            context.push(context.error("invalid-value", span, "every object needs apiVersion, kind and metadata.name"));
        }
    }
}

fn time(context: &mut Context<'_>, at: At<'_>, wait: &Wait) {
    context.exactly_one(at, &[("for", wait.duration.is_some()), ("until", wait.until.is_some())]);
    if let Some(until) = &wait.until {
        context.clusters(&until.on);
    }
}
