//! `clusterConfigs`: names, what is enabled, client limits.

use std::collections::BTreeMap;

use yaml::Diagnostics;

use super::rules;
use super::view::{ClusterView, View};

pub(super) fn check(view: &View<'_, '_>, found: &mut Diagnostics) {
    names(view, found);
    enabled(view, found);
    view.clusters.iter().for_each(|cluster| limits(cluster, found));
}

fn names(view: &View<'_, '_>, found: &mut Diagnostics) {
    let mut lines = BTreeMap::new();
    for cluster in &view.clusters {
        let (name, place) = (&cluster.cluster.name, cluster.place("name"));
        match lines.get(name) {
            Some(line) => {
                let message = format!("cluster `{name}` is configured already, at line {line}");
                found.push(rules::DUPLICATE_NAME.at(place, message));
            }
            None => {
                lines.insert(name, place.span.line);
            }
        }
    }
}

fn enabled(view: &View<'_, '_>, found: &mut Diagnostics) {
    for cluster in &view.clusters {
        if cluster.fields.get("enabled").is_none() {
            let message = format!("cluster `{}` does not say whether it is enabled", cluster.cluster.name);
            found.push(
                rules::ENABLED_LEFT_OUT
                    .at(cluster.place("name"), message)
                    .help("add `enabled: true`"),
            );
        }
    }
    let clusters = view.section.field("clusterConfigs").filter(|_| !view.clusters.is_empty());
    if let Some(clusters) = clusters.filter(|_| !view.clusters.iter().any(|cluster| cluster.cluster.enabled)) {
        found.push(rules::NONE_ENABLED.at(clusters.key_place, "no cluster is enabled"));
    }
}

fn limits(view: &ClusterView<'_, '_>, found: &mut Diagnostics) {
    let Some((field, limits)) = view.fields.field("kubeClientConfig").zip(view.cluster.kube_client) else {
        return;
    };
    let name = &view.cluster.name;
    if view.cluster.in_cluster {
        let message = format!("cluster `{name}` is inCluster, so its `kubeClientConfig` has no effect");
        found.push(rules::CLIENT_LIMITS.at(field.key_place, message));
        return;
    }
    if limits.qps > 0 && limits.burst <= 0 {
        let place = field.value.get("qps").map_or(field.key_place, |qps| qps.place);
        let message = format!("cluster `{name}` sets `qps` without a positive `burst`");
        found.push(
            rules::BURST_MISSING
                .at(place, message)
                .help("add `burst: 25`, flyteadmin's own default"),
        );
        return;
    }
    if ["qps", "burst", "timeout"].iter().any(|key| field.value.get(key).is_none()) {
        let effective = view.cluster.kube_client_limits();
        let timeout = effective
            .timeout
            .map_or("no timeout".to_owned(), |timeout| format!("timeout {timeout}"));
        let message = format!("cluster `{name}` gets {} qps, burst {}, {timeout}", effective.qps, effective.burst);
        found.push(rules::CLIENT_LIMITS.at(field.key_place, message));
    }
}
