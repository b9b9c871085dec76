//! Helm releases: which of them are there at a step.

use std::collections::BTreeSet;

use yaml::{Spanned, suggest};

use super::{At, Context};
use crate::OneOrMany;
use crate::names::{is_dns_label, is_dns_subdomain};
use crate::verb::{Deploy, Rollback, Uninstall};

/// Releases so far: cluster, namespace, name.
pub(super) type Releases<'c> = BTreeSet<(&'c str, &'c str, &'c str)>;

pub(super) fn install<'c>(context: &mut Context<'c>, at: At<'_>, deploy: &'c Deploy, releases: &mut Releases<'c>) {
    rendered(context, deploy);
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

pub(super) fn upgrade(context: &mut Context<'_>, at: At<'_>, upgrade: &Deploy, releases: &Releases<'_>) {
    rendered(context, upgrade);
    if upgrade.create_namespace {
        let span = context.field(at, "createNamespace");
        context.push(context.error("invalid-value", span, "only `deploy` creates namespaces"));
    }
    if upgrade.fails.is_none() {
        deployed(context, &upgrade.release, &upgrade.namespace, &upgrade.on, releases);
    }
}

pub(super) fn rollback(context: &mut Context<'_>, at: At<'_>, rollback: &Rollback, releases: &Releases<'_>) {
    context.clusters(&rollback.on);
    if rollback.revision == Some(0) {
        let span = context.field(at, "revision");
        context.push(
            context
                .error("invalid-value", span, "revisions count from 1")
                .help("leave `revision` out for the one before the last"),
        );
    }
    if rollback.fails.is_none() {
        deployed(context, &rollback.release, &rollback.namespace, &rollback.on, releases);
    }
}

pub(super) fn uninstall<'c>(context: &mut Context<'c>, uninstall: &'c Uninstall, releases: &mut Releases<'c>) {
    context.clusters(&uninstall.on);
    if uninstall.fails.is_some() {
        return;
    }
    deployed(context, &uninstall.release, &uninstall.namespace, &uninstall.on, releases);
    for cluster in uninstall.on.iter() {
        releases.remove(&(cluster.value.as_str(), uninstall.namespace.as_str(), uninstall.release.as_str()));
    }
}

/// Demands that earlier steps have deployed a release.
fn deployed(
    context: &mut Context<'_>,
    release: &Spanned<String>,
    namespace: &Spanned<String>,
    on: &OneOrMany<String>,
    releases: &Releases<'_>,
) {
    if !context.parsed.steps_complete {
        return;
    }
    for cluster in on.iter() {
        if !releases.contains(&(cluster.value.as_str(), namespace.as_str(), release.as_str())) {
            let (name, namespace) = (&release.value, &namespace.value);
            let message = format!(
                "no earlier step deploys release `{name}` to namespace `{namespace}` on `{}`",
                cluster.value
            );
            let there = releases
                .iter()
                .filter(|(id, ..)| *id == cluster.value)
                .map(|(_, _, release)| *release);
            let help = suggest::help(name, &there.collect::<Vec<_>>());
            context.push(context.error("unknown-release", release.span, message).help(help));
        }
    }
}

/// What to do about charts in OCI registries.
pub(super) const OCI: &str = "OCI registries are not read: `helm pull oci://...` brings the chart's archive; give its path as `chart`";

/// Where a chart comes from.
fn source(context: &mut Context<'_>, deploy: &Deploy) {
    let Some(repo) = &deploy.repo else {
        if let Some(version) = &deploy.version {
            let message = "`version` chooses a chart of a repository, and there is no `repo`";
            let help = "a chart in a folder or an archive has one version";
            context.push(context.error("invalid-value", version.span, message).help(help));
        }
        return;
    };
    let oci = repo.starts_with("oci://");
    let host = repo.strip_prefix("https://").or_else(|| repo.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
        let message = format!("`{}` is no address of a Helm repository", repo.value);
        let help = if oci {
            OCI
        } else {
            "write `https://...`: the address below which index.yaml is"
        };
        context.push(context.error("invalid-value", repo.span, message).help(help));
    }
    if deploy.chart.is_empty() || deploy.chart.contains('/') {
        let message = format!("`{}` is no name of a chart in a repository", deploy.chart.value);
        let help = "with `repo`, `chart` is a name such as `flyte-core`";
        context.push(context.error("invalid-value", deploy.chart.span, message).help(help));
    }
}

/// What a chart is rendered with.
fn rendered(context: &mut Context<'_>, deploy: &Deploy) {
    context.clusters(&deploy.on);
    source(context, deploy);
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
