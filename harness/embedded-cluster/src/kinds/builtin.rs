//! Kubernetes' own kinds, from its discovery documents.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use crate::value::Value;

use super::{Kind, Strategy, Subresource};
use crate::data;
use crate::resource::Resource;

/// The built-in kinds; made once a process, shared by all clusters.
pub(crate) static BUILTIN: LazyLock<Builtin> = LazyLock::new(Builtin::read);

/// The table of built-in kinds.
#[derive(Debug)]
pub(crate) struct Builtin {
    pub(crate) by_resource: BTreeMap<Resource, Arc<Kind>>,
    /// In discovery's order, which clients show.
    pub(crate) in_order: Vec<Arc<Kind>>,
    /// Groups in discovery's order with their versions, preferred one first. The core group is `""`.
    pub(crate) groups: Vec<(String, Vec<String>)>,
}

/// Resources that are stored in another version, or under another group's name, than they are served in.
const STORED_ELSEWHERE: &[(&str, &str, &str, &str)] = &[
    // group, plural, storage key, storage apiVersion
    ("events.k8s.io", "events", "events", "v1"),
    (
        "autoscaling",
        "horizontalpodautoscalers",
        "horizontalpodautoscalers.autoscaling",
        "autoscaling/v2",
    ),
];

impl Builtin {
    /// The built-in kind of this group, version and kind.
    pub(crate) fn kind_of(&self, group: &str, version: &str, kind: &str) -> Option<&Arc<Kind>> {
        self.in_order
            .iter()
            .find(|k| k.kind == kind && k.resource.group() == group && k.resource.version() == version)
    }

    /// Whether Kubernetes itself has a group of this name.
    pub(crate) fn has_group(&self, group: &str) -> bool {
        self.groups.iter().any(|(name, _)| name == group)
    }

    fn read() -> Self {
        let mut table = Self {
            by_resource: BTreeMap::new(),
            in_order: vec![],
            groups: vec![],
        };
        for document in [data::DISCOVERY_CORE, data::DISCOVERY_GROUPS] {
            // The documents are compiled in; a test reads them.
            let document: Value = serde_json::from_str(document).unwrap_or_default();
            for group in items(&document["items"]) {
                table.read_group(group);
            }
        }
        table
    }

    fn read_group(&mut self, group: &Value) {
        let name = text(&group["metadata"]["name"]);
        let mut versions = vec![];
        for version in items(&group["versions"]) {
            let version_name = text(&version["version"]);
            for resource in items(&version["resources"]) {
                let kind = Arc::new(read_kind(&name, &version_name, resource));
                self.by_resource.insert(kind.resource.clone(), kind.clone());
                self.in_order.push(kind);
            }
            versions.push(version_name);
        }
        self.groups.push((name, versions));
    }
}

fn read_kind(group: &str, version: &str, value: &Value) -> Kind {
    let resource = Resource::named(group, version, text(&value["resource"]));
    let elsewhere = STORED_ELSEWHERE
        .iter()
        .find(|(g, plural, ..)| *g == group && *plural == resource.plural());
    let (key, storage_version) = match elsewhere {
        Some((_, _, key, storage_version)) => ((*key).to_owned(), (*storage_version).to_owned()),
        None => (resource.qualified(), resource.api_version()),
    };
    let kind = text(&value["responseKind"]["kind"]);
    Kind {
        list_kind: format!("{kind}List"),
        kind,
        singular: text(&value["singularResource"]),
        short_names: texts(&value["shortNames"]),
        categories: texts(&value["categories"]),
        namespaced: value["scope"] == "Namespaced",
        verbs: texts(&value["verbs"]),
        subresources: items(&value["subresources"]).iter().map(read_subresource).collect(),
        strategy: Strategy::of(&resource.qualified()),
        key: key.into(),
        storage_version,
        resource,
        schema: OnceLock::new(),
        custom: None,
    }
}

fn read_subresource(value: &Value) -> Subresource {
    Subresource {
        name: text(&value["subresource"]),
        kind: text(&value["responseKind"]["kind"]),
        verbs: texts(&value["verbs"]),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    items(value).iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete() {
        assert!(BUILTIN.in_order.len() >= 60, "{}", BUILTIN.in_order.len());
        let pods = &BUILTIN.by_resource[&Resource::new("", "v1", "pods")];
        assert_eq!(
            (pods.kind.as_str(), pods.namespaced, pods.short_names[0].as_str()),
            ("Pod", true, "po")
        );
        assert!(pods.subresource("log").is_some());
        let hpa = &BUILTIN.by_resource[&Resource::new("autoscaling", "v1", "horizontalpodautoscalers")];
        assert_eq!(hpa.storage_version, "autoscaling/v2");
    }
}
