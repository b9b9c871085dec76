//! `metadata.managedFields` as a table of managers.

use std::collections::BTreeMap;

use crate::value::{Map, Value, json};

use super::fieldset::FieldSet;
use super::shared::Shared;

/// Updating managers kept by name; older ones are merged.
const MAX_UPDATERS: usize = 10;
/// Manager that takes over the fields of the oldest updaters.
const ANCIENT_CHANGES: &str = "ancient-changes";

/// Who manages fields, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Manager {
    /// Applied, or set by another kind of write.
    pub(super) operation: Operation,
    /// Name the client gave.
    pub(super) name: String,
    /// Version an updater used; it is part of an updater's identity, but not of an applier's.
    pub(super) updated_version: Option<String>,
    /// Subresource the writes went through; empty for the object itself.
    pub(super) subresource: String,
}

/// Kind of write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Operation {
    /// Server-side apply.
    Apply,
    /// Create, update, patch.
    Update,
}

/// What a manager manages.
#[derive(Debug, Clone)]
pub(super) struct Managed {
    /// The fields.
    pub(super) set: FieldSet,
    /// `apiVersion` of the write.
    pub(super) api_version: String,
    /// When fields were last added, RFC 3339.
    pub(super) time: Option<String>,
}

/// All managers of an object.
pub(super) type Managers = BTreeMap<Manager, Managed>;

impl Manager {
    pub(super) fn applier(name: &str, subresource: &str) -> Self {
        Manager {
            operation: Operation::Apply,
            name: name.to_owned(),
            updated_version: None,
            subresource: subresource.to_owned(),
        }
    }

    pub(super) fn updater(name: &str, subresource: &str, api_version: &str) -> Self {
        Manager {
            operation: Operation::Update,
            name: name.to_owned(),
            updated_version: Some(api_version.to_owned()),
            subresource: subresource.to_owned(),
        }
    }
}

/// Reads `metadata.managedFields`. Entries that are none are left out.
pub(super) fn decode(object: &Value) -> Managers {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let decoded = entries.into_iter().flatten().filter_map(decode_entry);
    decoded.map(|(manager, managed)| (manager, managed())).collect()
}

/// Reads one entry: its manager, and on demand what it manages.
pub(super) fn decode_entry(entry: &Value) -> Option<(Manager, impl FnOnce() -> Managed)> {
    let text = |key: &str| text_of(entry, key);
    let manager = match text("operation") {
        "Apply" => Manager::applier(text("manager"), text("subresource")),
        "Update" => Manager::updater(text("manager"), text("subresource"), text("apiVersion")),
        _ => return None,
    };
    let managed = || Managed {
        set: entry.get("fieldsV1").map(FieldSet::from_fields_v1).unwrap_or_default(),
        api_version: text_of(entry, "apiVersion").to_owned(),
        time: entry.get("time").and_then(Value::as_str).map(str::to_owned),
    };
    Some((manager, managed))
}

fn text_of<'e>(entry: &'e Value, key: &str) -> &'e str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Writes `metadata.managedFields`, appliers first, each by time; no managers, no field.
pub(super) fn encode(object: &mut Value, managers: Managers, shared: &Shared) {
    store(object, entries(managers, shared).collect());
}

/// The managers as entries, in no order.
pub(super) fn entries(managers: Managers, shared: &Shared) -> impl Iterator<Item = Value> {
    managers.into_iter().map(move |(manager, managed)| entry(manager, managed, shared))
}

/// Puts entries into their order and into the object.
pub(super) fn store(object: &mut Value, mut entries: Vec<Value>) {
    entries.sort_by(|a, b| order(a).cmp(&order(b)));
    let Some(object) = object.as_object_mut() else { return };
    let metadata = object.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    let Some(metadata) = metadata.as_object_mut() else { return };
    if entries.is_empty() {
        metadata.remove("managedFields");
    } else {
        metadata.insert("managedFields", entries.into());
    }
}

/// What entries are sorted by.
fn order(entry: &Value) -> (bool, Option<&str>, &str, &str, &str) {
    let text = |key| text_of(entry, key);
    let time = entry.get("time").and_then(Value::as_str);
    (
        text("operation") == "Update",
        time,
        text("manager"),
        text("apiVersion"),
        text("subresource"),
    )
}

/// Whether there are so many updaters that another one might make the oldest ones merge.
pub(super) fn is_full(entries: &[Value]) -> bool {
    entries.iter().filter(|entry| text_of(entry, "operation") == "Update").count() >= MAX_UPDATERS
}

fn entry(manager: Manager, managed: Managed, shared: &Shared) -> Value {
    let mut entry = json!({
        "manager": manager.name,
        "operation": match manager.operation {
            Operation::Apply => "Apply",
            Operation::Update => "Update",
        },
        "apiVersion": managed.api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": managed.set.to_fields_v1(shared),
    });
    if let Some(time) = managed.time {
        entry["time"] = time.into();
    }
    if !manager.subresource.is_empty() {
        entry["subresource"] = manager.subresource.into();
    }
    entry
}

/// Merges the oldest updaters when there are too many, one bucket for each API version.
pub(super) fn cap(managers: &mut Managers) {
    let mut updaters: Vec<(Option<String>, Manager)> = managers
        .iter()
        .filter(|(manager, _)| manager.operation == Operation::Update)
        .map(|(manager, managed)| (managed.time.clone(), manager.clone()))
        .collect();
    let mut count = updaters.len();
    updaters.sort();
    let mut first_of_version: BTreeMap<String, Manager> = BTreeMap::new();
    for (_, manager) in updaters {
        if count <= MAX_UPDATERS {
            return;
        }
        let version = manager.updated_version.clone().unwrap_or_default();
        let Some(first) = first_of_version.get(&version) else {
            first_of_version.insert(version, manager);
            continue;
        };
        let bucket = Manager::updater(ANCIENT_CHANGES, "", &version);
        if !managers.contains_key(&bucket)
            && let Some(managed) = managers.remove(first)
        {
            managers.insert(bucket.clone(), managed);
        }
        if manager == bucket {
            continue;
        }
        if let (Some(old), Some(merged)) = (managers.remove(&manager), managers.get_mut(&bucket)) {
            merged.set.union_with(old.set);
            merged.time = old.time;
            count -= 1;
        }
    }
}
