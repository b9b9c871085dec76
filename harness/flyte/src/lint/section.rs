//! Where the section stands, and which keys it has.

use yaml::{Diagnostics, Span, suggest};

use super::File;
use super::merged::{Field, Merged, Place};
use super::rules;
use super::view::{Root, View};

const SECTION: [&str; 3] = ["labelClusterMap", "clusterConfigs", "defaultExecutionLabel"];
const CLUSTER: [&str; 6] = ["name", "endpoint", "enabled", "inCluster", "auth", "kubeClientConfig"];
const AUTH: [&str; 2] = ["tokenPath", "certPath"];
const KUBE_CLIENT: [&str; 3] = ["qps", "burst", "timeout"];
const ENTRY: [&str; 2] = ["id", "weight"];

/// Whether the section is there, and its keys not elsewhere.
pub(super) fn check(root: Option<&Root<'_, '_>>, files: &[File], found: &mut Diagnostics) {
    let section = root.and_then(|root| root.parent()?.field("clusters"));
    let misplaced = root.map(misplaced).unwrap_or_default();
    match section {
        Some(section) if section.value.is_null() => found.push(empty(section, &misplaced)),
        _ => found.extend(misplaced.iter().map(|field| {
            let (home, help) = match field.key.as_str() {
                "clusters" => ("configmap", "indent it below `configmap`"),
                _ => ("configmap.clusters", "move it there, one level below `clusters`"),
            };
            rules::MISPLACED
                .at(field.key_place, format!("`{}` belongs into `{home}`", field.key))
                .help(help)
        })),
    }
    let configured = section.and_then(|section| section.value.get("clusterConfigs"));
    let admin = root.is_none_or(|root| !super::chart::off(root.values, "flyteadmin"));
    if admin && configured.is_none_or(|clusters| clusters.items().is_empty()) && misplaced.is_empty() {
        let nowhere = Place {
            file: files.last().map_or("", |file| &file.name),
            span: Span::default(),
        };
        let place = configured
            .map(|clusters| clusters.place)
            .or(section.map(|section| section.key_place));
        if section.is_none_or(|section| !section.value.is_null()) {
            found.push(rules::SINGLE_CLUSTER.at(place.unwrap_or(nowhere), "no cluster is configured"));
        }
    }
}

/// Keys of the section that stand beside it, or at the top, and the section itself where it stands at the top.
fn misplaced<'m, 'a>(root: &Root<'m, 'a>) -> Vec<&'m Field<'a>> {
    if !root.helm {
        return Vec::new();
    }
    let levels = [Some(root.values), root.values.get("configmap")];
    let fields = levels.into_iter().flatten().flat_map(Merged::fields);
    let keys = fields.filter(|field| SECTION.contains(&field.key.as_str()));
    let section = root.values.field("clusters");
    let section = section.filter(|section| section.value.fields().iter().any(|field| SECTION.contains(&field.key.as_str())));
    keys.chain(section).collect()
}

fn empty(section: &Field<'_>, misplaced: &[&Field<'_>]) -> yaml::Diagnostic {
    let diagnostic = rules::CLUSTERS_EMPTY.at(section.key_place, "`clusters` is empty");
    if misplaced.is_empty() {
        return diagnostic.help("remove it, or write `clusters: {}`");
    }
    let keys: Vec<String> = misplaced
        .iter()
        .map(|field| format!("`{}` (line {})", field.key, field.key_place.span.line))
        .collect();
    diagnostic.help(format!("indent {} below `clusters`", keys.join(" and ")))
}

/// Keys that nothing reads.
pub(super) fn check_keys(view: &View<'_, '_>, found: &mut Diagnostics) {
    unknown(view.section, &SECTION, "the section `clusters`", found);
    for cluster in &view.clusters {
        unknown(cluster.fields, &CLUSTER, "a cluster", found);
        if let Some(auth) = cluster.fields.get("auth") {
            unknown(auth, &["tokenPath", "certPath", "type"], "`auth`", found);
            if let Some(kind) = auth.field("type") {
                let help = format!(
                    "leave it out; the fields are {}",
                    AUTH.map(|field| format!("`{field}`")).join(" and ")
                );
                found.push(rules::AUTH_TYPE.at(kind.key_place, "`auth.type` has no effect").help(help));
            }
        }
        if let Some(limits) = cluster.fields.get("kubeClientConfig") {
            unknown(limits, &KUBE_CLIENT, "`kubeClientConfig`", found);
        }
    }
    let map = view.section.get("labelClusterMap");
    for label in map.map(Merged::items).unwrap_or_default().into_iter().flat_map(Merged::fields) {
        label
            .value
            .items()
            .into_iter()
            .for_each(|entry| unknown(entry, &ENTRY, "an entry of a label", found));
    }
}

fn unknown(map: &Merged<'_>, known: &[&str], what: &str, found: &mut Diagnostics) {
    for field in map.fields() {
        if !known.iter().any(|known| known.eq_ignore_ascii_case(&field.key)) {
            let message = format!("`{}` is not a field of {what}", field.key);
            found.push(
                rules::UNKNOWN_KEY
                    .at(field.key_place, message)
                    .help(suggest::help(&field.key, known)),
            );
        }
    }
}
