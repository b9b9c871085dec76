//! All objects of a cluster, its events, and its releases.

use std::collections::BTreeMap;

use chart::Record;
use k8s_openapi::ByteString;
use kube::api::{DynamicObject, ListParams};
use kube::discovery::verbs;
use kube::{Api, Client};
use serde_json::{Value, json};

use super::Found;

/// The type of Secrets that hold releases.
const RELEASE: &str = "helm.sh/release.v1";

/// Lists everything that can be listed, one file a kind.
pub(super) async fn objects(client: &Client) -> Found {
    let mut found = Found::default();
    let discovery = match chart::discover(client).await {
        Ok(discovery) => discovery,
        Err(error) => {
            found.add("unreachable.txt", format!("{error}\n"));
            return found;
        }
    };
    match client.apiserver_version().await {
        Ok(version) => found.add("version.txt", format!("{} {}\n", version.git_version, version.platform)),
        Err(error) => found.add("version.txt", format!("{error}\n")),
    }
    for (resource, capabilities) in discovery.groups().flat_map(|group| group.recommended_resources()) {
        let (kind, group) = (resource.kind.as_str(), resource.group.as_str());
        // Leases only say who is alive; events are the same objects in both of their groups.
        let skipped = matches!((kind, group), ("Lease" | "ComponentStatus", _) | ("Event", ""));
        if skipped || !capabilities.supports_operation(verbs::LIST) {
            continue;
        }
        let listed = Api::<DynamicObject>::all_with(client.clone(), &resource)
            .list(&ListParams::default())
            .await;
        let name = if group.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}.{group}")
        };
        match listed {
            Ok(list) if kind == "Event" => found.add("events.txt", events(&list.items)),
            Ok(list) => {
                let shown = list
                    .items
                    .into_iter()
                    .filter_map(|object| shown(object, kind, &resource.api_version, &mut found));
                let objects: Vec<Value> = shown.collect();
                if !objects.is_empty() {
                    found.add(format!("objects/{name}.yaml"), yaml::emit::documents(&objects));
                }
            }
            Err(error) => found.add(format!("objects/{name}.yaml"), format!("# {error}\n")),
        }
    }
    found
}

/// An object as it is shown. A Secret keeps its keys and loses its values; one that holds a release becomes the release's manifest.
fn shown(mut object: DynamicObject, kind: &str, version: &str, found: &mut Found) -> Option<Value> {
    object.metadata.managed_fields = None;
    if kind == "Secret" {
        let data: BTreeMap<String, ByteString> = serde_json::from_value(object.data["data"].take()).unwrap_or_default();
        if object.data["type"] == RELEASE {
            let release = data.get("release").and_then(|payload| Record::decode(&payload.0).ok())?;
            let path = format!("releases/{}/{}.v{}.yaml", release.namespace, release.name, release.version);
            let values = yaml::emit::document(&release.config);
            found.add(
                path,
                format!(
                    "# status: {}; values:\n{}{}",
                    release.info.status.as_str(),
                    commented(&values),
                    release.manifest
                ),
            );
            return None;
        }
        let shown: BTreeMap<&String, String> = data
            .iter()
            .map(|(key, value)| (key, format!("<{} bytes>", value.0.len())))
            .collect();
        object.data["data"] = json!(shown);
    }
    let mut value = serde_json::to_value(&object).ok()?;
    value["kind"] = kind.into();
    value["apiVersion"] = version.into();
    Some(value)
}

fn commented(text: &str) -> String {
    text.lines().map(|line| format!("#   {line}\n")).collect()
}

/// Events as lines, in their order of time.
fn events(items: &[DynamicObject]) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines: Vec<String> = items
        .iter()
        .map(|event| {
            let data = &event.data;
            let created = event.metadata.creation_timestamp.as_ref().map(|time| time.0.to_string());
            let time = [&data["deprecatedLastTimestamp"], &data["eventTime"]]
                .into_iter()
                .find_map(Value::as_str)
                .map(str::to_owned);
            let about = &data["regarding"];
            format!(
                "{} {} {} {}/{}/{}: {}\n",
                time.or(created).unwrap_or_default(),
                text(&data["type"]),
                text(&data["reason"]),
                text(&about["kind"]),
                text(&about["namespace"]),
                text(&about["name"]),
                text(&data["note"])
            )
        })
        .collect();
    lines.sort();
    lines.concat()
}
