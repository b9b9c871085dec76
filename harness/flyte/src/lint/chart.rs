//! Traps of the chart flyte-core itself, whichever clusters there are.

use yaml::Diagnostics;

use super::merged::{Merged, Value};
use super::rules;
use super::view::Root;

/// Values of charts before v1.16, at which flyte-core stops.
const REMOVED: [&str; 2] = ["createClusterRole", "clusterRole"];

pub(super) fn check(root: &Root<'_, '_>, found: &mut Diagnostics) {
    if !root.helm {
        return;
    }
    let values = root.values;
    sync_container(values, found);
    connector(values, found);
    removed_roles(values, found);
    if off(values, "flyteadmin") && !off(values, "flytepropeller") {
        data_plane(values, found);
    }
    scalars(values, found);
}

/// A component that the values switch off.
pub(super) fn off(values: &Merged<'_>, component: &str) -> bool {
    says(values, &[component, "enabled"], "false")
}

fn says(values: &Merged<'_>, path: &[&str], text: &str) -> bool {
    at(values, path).and_then(Merged::text) == Some(text)
}

fn at<'m, 'a>(values: &'m Merged<'a>, path: &[&str]) -> Option<&'m Merged<'a>> {
    path.iter().try_fold(values, |node, key| node.get(key))
}

fn sync_container(values: &Merged<'_>, found: &mut Diagnostics) {
    let manager = values.get("cluster_resource_manager");
    let alone = manager.and_then(|manager| at(manager, &["config", "cluster_resources"])?.field("standaloneDeployment"));
    let left_out = manager.is_none_or(|manager| !says(manager, &["standalone_deploy"], "true"));
    if let Some(alone) = alone.filter(|field| field.value.text() == Some("true") && left_out) {
        let message = "`standaloneDeployment` does not take sync-cluster-resources out of flyteadmin's pod";
        let help = "set `cluster_resource_manager.standalone_deploy: true` as well";
        found.push(rules::SYNC_STAYS.at(alone.key_place, message).help(help));
    }
}

fn connector(values: &Merged<'_>, found: &mut Diagnostics) {
    let enabled = values.get("flyteconnector").and_then(|connector| connector.field("enabled"));
    if let Some(enabled) = enabled.filter(|field| field.value.text() == Some("true") && off(values, "flytepropeller")) {
        let message = "`flyteconnector` is enabled without flytepropeller";
        let help = "set `flyteconnector.enabled: false`, as values-controlplane.yaml does";
        found.push(rules::CONNECTOR_ALONE.at(enabled.key_place, message).help(help));
    }
}

fn removed_roles(values: &Merged<'_>, found: &mut Diagnostics) {
    let Some(admin) = values.get("flyteadmin") else { return };
    for fields in [Some(admin), admin.get("serviceAccount")].into_iter().flatten() {
        for field in fields.fields().iter().filter(|field| REMOVED.contains(&field.key.as_str())) {
            let message = format!("the chart no longer takes `{}`", field.key);
            found.push(rules::REMOVED_ROLES.at(field.key_place, message).help("remove it"));
        }
    }
}

/// What a data plane must not leave at the chart's defaults, which are names of the control plane's own cluster.
fn data_plane(values: &Merged<'_>, found: &mut Diagnostics) {
    let switch = values
        .get("flyteadmin")
        .and_then(|admin| admin.field("enabled"))
        .map(|field| field.key_place);
    let Some(switch) = switch else { return };
    for (path, message, help) in [
        (
            ["configmap", "admin", "admin", "endpoint"].as_slice(),
            "flytepropeller looks for flyteadmin at `flyteadmin:81`, which this data plane lacks",
            "set `configmap.admin.admin.endpoint`, and `insecure: false` where it is TLS",
        ),
        (
            &["configmap", "catalog", "catalog-cache", "endpoint"],
            "flytepropeller looks for datacatalog at `datacatalog:89`, which this data plane lacks: tasks with a cache fail",
            "set `configmap.catalog.catalog-cache.endpoint`",
        ),
    ] {
        if at(values, path).is_none() {
            found.push(rules::DATA_PLANE_DEFAULT.at(switch, message).help(help));
        }
    }
    let storage = at(values, &["storage", "type"]);
    if storage.is_none_or(|kind| kind.text() == Some("sandbox")) {
        let place = storage.map_or(switch, |storage| storage.place);
        let message = "the store is `minio` of this cluster's own namespace; all clusters of an installation must share one";
        found.push(
            rules::DATA_PLANE_DEFAULT
                .at(place, message)
                .help("set `storage.type` and what belongs to it"),
        );
    }
}

/// Placeholders that were never filled in, and switches that half work, wherever they stand.
fn scalars(node: &Merged<'_>, found: &mut Diagnostics) {
    match &node.value {
        Value::Scalar(scalar) => {
            if let Some(name) = placeholder(&scalar.text) {
                let message = format!("`{name}` is a placeholder");
                found.push(rules::PLACEHOLDER.at(node.place, message).help("fill it in"));
            }
        }
        Value::List(items) => items.iter().for_each(|item| scalars(item, found)),
        Value::Map(fields) => {
            for field in fields {
                // Endpoints of clusters have a rule of their own.
                if field.key == "clusterConfigs" {
                    continue;
                }
                if field.key == "rbacScope" && field.value.text() == Some("namespace") {
                    let message = "`rbacScope: namespace` gives rights in the release's namespace only";
                    found.push(rules::RBAC_NAMESPACE.at(field.key_place, message));
                }
                scalars(&field.value, found);
            }
        }
    }
}

/// `<RDS_HOST>` in a text: capitals and underscores in angle brackets.
fn placeholder(text: &str) -> Option<&str> {
    let start = text.find('<')?;
    let (rest, end) = (&text[start..], text[start..].find('>')?);
    let name = &rest[1..end];
    let fits = name.len() > 1
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    fits.then(|| &rest[..=end])
}
