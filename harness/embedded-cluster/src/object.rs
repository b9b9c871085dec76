//! An object of the API as the store keeps and shares it.

use std::sync::{Mutex, PoisonError};

use crate::value::{Map, Value};
use bytes::Bytes;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

/// One revision of one object: immutable, shared by the store, watchers and readers.
#[derive(Debug)]
pub(crate) struct Object {
    value: Value,
    revision: u64,
    json: Mutex<Option<Bytes>>,
}

impl Object {
    /// Wraps an object; its revision is its `metadata.resourceVersion`, 0 where it has none.
    pub(crate) fn new(value: Value) -> Self {
        let revision = value["metadata"]["resourceVersion"]
            .as_str()
            .and_then(|v| v.parse().ok())
            .unwrap_or(0);
        Self {
            value,
            revision,
            json: Mutex::default(),
        }
    }

    /// The object's JSON tree.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    /// The store's revision of the last write to this object.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The object as JSON text; serialised once for all who ask while it is new.
    pub(crate) fn json(&self) -> Bytes {
        let mut json = self.json.lock().unwrap_or_else(PoisonError::into_inner);
        json.get_or_insert_with(|| self.value.to_json().into()).clone()
    }

    /// Lets go of the text: nobody is told of the object any more, and whoever reads it now can have it made again.
    pub(crate) fn forget_json(&self) {
        self.json.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn metadata(&self, field: &str) -> Option<&Value> {
        self.value.get("metadata")?.get(field)
    }

    fn text(&self, field: &str) -> &str {
        self.metadata(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// `kind`.
    pub(crate) fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or_default()
    }

    /// `apiVersion`.
    pub(crate) fn api_version(&self) -> &str {
        self.value["apiVersion"].as_str().unwrap_or_default()
    }

    /// `metadata.name`.
    pub(crate) fn name(&self) -> &str {
        self.text("name")
    }

    /// `metadata.namespace`; none for cluster-scoped objects.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.metadata("namespace").and_then(Value::as_str)
    }

    /// `metadata.uid`.
    pub(crate) fn uid(&self) -> &str {
        self.text("uid")
    }

    /// `metadata.generation`.
    pub(crate) fn generation(&self) -> i64 {
        self.metadata("generation").and_then(Value::as_i64).unwrap_or(0)
    }

    /// `metadata.labels`.
    pub(crate) fn labels(&self) -> Option<&Map> {
        self.metadata("labels").and_then(Value::as_object)
    }

    /// One label's value.
    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.labels()?.get(key)?.as_str()
    }

    /// One annotation's value.
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.metadata("annotations")?.get(key)?.as_str()
    }

    /// `metadata.ownerReferences`.
    pub(crate) fn owner_references(&self) -> Vec<OwnerReference> {
        self.owners().map(reference).collect()
    }

    fn owners(&self) -> impl Iterator<Item = &Value> {
        self.metadata("ownerReferences").and_then(Value::as_array).into_iter().flatten()
    }

    /// The owner with `controller: true`.
    pub(crate) fn controller(&self) -> Option<OwnerReference> {
        self.owners().find(|owner| owner["controller"] == true).map(reference)
    }

    /// `metadata.finalizers`.
    pub(crate) fn finalizers(&self) -> impl Iterator<Item = &str> {
        self.metadata("finalizers")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    /// `metadata.deletionTimestamp`, RFC 3339.
    pub(crate) fn deletion_timestamp(&self) -> Option<&str> {
        self.metadata("deletionTimestamp").and_then(Value::as_str)
    }

    /// `metadata.creationTimestamp`, RFC 3339.
    pub(crate) fn creation_timestamp(&self) -> &str {
        self.text("creationTimestamp")
    }
}

fn reference(owner: &Value) -> OwnerReference {
    let text = |field: &str| owner[field].as_str().unwrap_or_default().to_owned();
    OwnerReference {
        api_version: text("apiVersion"),
        kind: text("kind"),
        name: text("name"),
        uid: text("uid"),
        controller: owner["controller"].as_bool(),
        block_owner_deletion: owner["blockOwnerDeletion"].as_bool(),
    }
}
