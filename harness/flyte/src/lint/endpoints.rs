//! Endpoints of remote clusters.

use yaml::Diagnostics;

use super::rules;
use super::view::View;

pub(super) fn check(view: &View<'_, '_>, found: &mut Diagnostics) {
    let remote = view.clusters.iter().filter(|cluster| !cluster.cluster.in_cluster);
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for view in remote {
        let (name, endpoint, place) = (&view.cluster.name, view.cluster.endpoint.as_str(), view.place("endpoint"));
        if endpoint.is_empty() {
            let message = format!("cluster `{name}` has no endpoint");
            found.push(
                rules::ENDPOINT_MISSING
                    .at(view.place("name"), message)
                    .help("`kubectl cluster-info` shows it"),
            );
            continue;
        }
        if endpoint.contains(['<', '>']) {
            let message = format!("the endpoint of cluster `{name}` is a placeholder");
            found.push(
                rules::ENDPOINT_PLACEHOLDER
                    .at(place, message)
                    .help("`kubectl cluster-info` shows the real one"),
            );
        } else if endpoint.starts_with("http://") {
            let message = format!("the endpoint of cluster `{name}` is not https");
            found.push(rules::ENDPOINT_HTTP.at(place, message));
        }
        match seen.iter().find(|(_, other)| *other == endpoint) {
            Some((other, _)) => {
                found.push(rules::ENDPOINT_SHARED.at(place, format!("clusters `{other}` and `{name}` have the same endpoint")));
            }
            None => seen.push((name, endpoint)),
        }
    }
}
