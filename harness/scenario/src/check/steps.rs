//! Steps in order: charts, credentials, objects, time. Flyte's and expectations have files of their own.

use std::collections::BTreeSet;

use yaml::suggest;

use super::{At, Context, expectations, faults, flyte};
use crate::names::{is_dns_label, is_dns_subdomain};
use crate::verb::{Apply, Deploy, Grant, Wait};
use crate::{NamespacedName, Verb};

/// Releases so far: cluster, namespace, name.
type Releases<'c> = BTreeSet<(&'c str, &'c str, &'c str)>;

pub(super) fn check(context: &mut Context<'_>) {
    let mut releases = Releases::new();
    let mut in_force = faults::InForce::new();
    for (step, verb) in context.scenario.steps.iter().map(|step| &step.verb).enumerate() {
        let path = [verb.name()];
        let at = At { step, path: &path };
        match verb {
            Verb::Deploy(deploy) => install(context, at, deploy, &mut releases),
            Verb::Upgrade(upgrade) => change(context, at, upgrade, &releases),
            Verb::Grant(grant) => credentials(context, at, grant),
            Verb::Project(project) => flyte::project(context, project),
            Verb::Label(label) => flyte::label(context, at, label),
            Verb::Register(register) => flyte::target(context, &register.project, &register.domain),
            Verb::Submit(submit) => flyte::submit(context, at, submit),
            Verb::Terminate(terminate) => {
                context.submit(&terminate.of);
            }
            Verb::Apply(apply) => objects(context, at, apply),
            Verb::Wait(wait) => time(context, at, wait),
            Verb::Fault(fault) => faults::fault(context, at, fault, &mut in_force),
            Verb::Heal(heal) => faults::heal(context, heal, &mut in_force),
            Verb::Expect(expect) => expectations::check(context, at, expect),
        }
    }
}

fn install<'c>(context: &mut Context<'c>, at: At<'_>, deploy: &'c Deploy, releases: &mut Releases<'c>) {
    release(context, deploy);
    let before = releases.clone();
    for cluster in deploy.on.iter() {
        let release = (cluster.value.as_str(), deploy.namespace.as_str(), deploy.release.as_str());
        releases.insert(release);
        if before.contains(&release) && deploy.fails.is_none() {
            let message = format!("release `{}` is on `{}` already", deploy.release.value, cluster.value);
            context.push(
                context
                    .error("release-exists", context.field(at, "release"), message)
                    .help("use `upgrade`"),
            );
        }
    }
}

fn change(context: &mut Context<'_>, at: At<'_>, upgrade: &Deploy, releases: &Releases<'_>) {
    release(context, upgrade);
    if upgrade.create_namespace {
        let span = context.field(at, "createNamespace");
        context.push(context.error("invalid-value", span, "only `deploy` creates namespaces"));
    }
    if upgrade.fails.is_some() || !context.parsed.steps_complete {
        return;
    }
    for cluster in upgrade.on.iter() {
        if !releases.contains(&(cluster.value.as_str(), upgrade.namespace.as_str(), upgrade.release.as_str())) {
            let (release, namespace) = (&upgrade.release.value, &upgrade.namespace.value);
            let message = format!(
                "no earlier step deploys release `{release}` to namespace `{namespace}` on `{}`",
                cluster.value
            );
            let there = releases
                .iter()
                .filter(|(id, ..)| *id == cluster.value)
                .map(|(_, _, release)| *release);
            let help = suggest::help(release, &there.collect::<Vec<_>>());
            context.push(context.error("unknown-release", upgrade.release.span, message).help(help));
        }
    }
}

fn release(context: &mut Context<'_>, deploy: &Deploy) {
    context.clusters(&deploy.on);
    // Helm's own limits.
    if !is_dns_subdomain(&deploy.release) || deploy.release.len() > 53 {
        let message = format!(
            "`{}` is no release name: lower-case letters, digits, `-` and `.`, at most 53",
            deploy.release.value
        );
        context.push(context.error("invalid-name", deploy.release.span, message));
    }
    if !is_dns_label(&deploy.namespace) {
        let message = format!("`{}` is no namespace name", deploy.namespace.value);
        context.push(context.error("invalid-name", deploy.namespace.span, message));
    }
    for pair in &deploy.set {
        if !pair.contains('=') {
            let message = format!("`{pair}` in `set` is not of the form `key=value`");
            context.push(context.error("invalid-value", deploy.release.span, message));
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
    let NamespacedName { namespace, name } = &grant.to.secret;
    if grant.from.iter().any(|id| id.value == grant.to.cluster.value) && *name == crate::token_secret_name(&grant.to.cluster) {
        let message = format!("`{namespace}/{name}` is the token's own Secret");
        context.push(context.error("name-collision", grant.to.cluster.span, message));
    }
}

fn objects(context: &mut Context<'_>, at: At<'_>, apply: &Apply) {
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
        context.cluster(&until.on);
    }
}
