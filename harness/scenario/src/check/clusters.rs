//! Clusters and the scenario's own name.

use std::collections::BTreeMap;

use super::{Context, identity};
use crate::names::{is_cluster_id, is_dns_label, is_dns_subdomain};
use crate::{dns_name, token_secret_name};

/// The domain of the names that clusters have anyway.
const OUR_DOMAIN: &str = "multiplane.test";

pub(super) fn check(context: &mut Context<'_>) {
    let scenario = context.scenario;
    let name = &scenario.metadata.name;
    if name.span.line > 0 && !is_dns_label(name) {
        let message = format!("`{}` is no name: lower-case letters, digits and `-`, at most 63", name.value);
        context.push(context.error("invalid-name", name.span, message));
    }
    if context.parsed.clusters_complete && scenario.clusters.is_empty() {
        let span = context
            .parsed
            .root
            .entry("clusters")
            .map_or(context.parsed.root.span, |entry| entry.key_span);
        context.push(context.error("no-clusters", span, "a scenario needs at least one cluster"));
    }
    if context.parsed.steps_complete && scenario.steps.is_empty() {
        let span = context
            .parsed
            .root
            .entry("steps")
            .map_or(context.parsed.root.span, |entry| entry.key_span);
        context.push(context.error("no-steps", span, "a scenario needs at least one step"));
    }
    let mut dns_names = BTreeMap::new();
    let mut secrets = BTreeMap::new();
    let mut further = BTreeMap::new();
    let mut issuers = BTreeMap::new();
    for (id, cluster) in &scenario.clusters {
        if !is_cluster_id(id) {
            let message = format!("`{id}` is no cluster id: lower-case letters, digits, `-` and `_` (not first or last), at most 40");
            context.push(context.error("invalid-cluster-id", cluster.id_span, message));
        }
        if cluster.nodes > 1000 {
            context.push(context.error("invalid-value", cluster.id_span, format!("`{id}` may have 0 to 1000 nodes")));
        }
        if let Some(version) = &cluster.kubernetes
            && !is_minor_version(version)
        {
            let message = format!("`{}` is no Kubernetes version of the form `1.36`", version.value);
            context.push(context.error("invalid-value", version.span, message));
        }
        if let Some(issuer) = &cluster.issuer {
            if !identity::is_issuer(issuer) {
                let message = format!(
                    "`{}` is no issuer: `https://`, a host, and a path without a slash at its end",
                    issuer.value
                );
                context.push(context.error("invalid-value", issuer.span, message));
            } else if let Some(other) = issuers.insert(&issuer.value, id) {
                let message = format!("`{}` is the issuer of `{other}` already", issuer.value);
                let help = "an account could not tell their tokens apart";
                context.push(context.error("name-collision", issuer.span, message).help(help));
            }
        }
        for name in cluster.names.iter() {
            if !is_dns_subdomain(name) {
                let message = format!(
                    "`{}` is no DNS name: lower-case labels of letters, digits and `-`, joined by dots",
                    name.value
                );
                context.push(context.error("invalid-name", name.span, message));
            } else if name.value == OUR_DOMAIN || name.value.ends_with(&format!(".{OUR_DOMAIN}")) {
                let message = format!("`{}`: names below `{OUR_DOMAIN}` are multiplane's own", name.value);
                context.push(context.error("invalid-name", name.span, message));
            } else if let Some(other) = further.insert(&name.value, id) {
                let message = format!("`{}` is a name of `{other}` already", name.value);
                context.push(context.error("name-collision", name.span, message));
            }
        }
        if let Some(other) = dns_names.insert(dns_name(id), id) {
            let message = format!("`{id}` and `{other}` are both `{}` where `_` is not allowed", dns_name(id));
            context.push(
                context
                    .error("name-collision", cluster.id_span, message)
                    .help("choose ids that differ in more than `_` and `-`"),
            );
        } else if let Some(other) = secrets.insert(token_secret_name(id), id) {
            let message = format!("`{id}` and `{other}` have the same token Secret, `{}`", token_secret_name(id));
            context.push(
                context
                    .error("name-collision", cluster.id_span, message)
                    .help("choose ids that differ in more than `_`"),
            );
        }
    }
}

fn is_minor_version(version: &str) -> bool {
    version
        .strip_prefix("1.")
        .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
}
