//! `Table` answers, for `kubectl get`.

mod age;
mod cells;
mod columns;

use std::sync::Arc;

use jiff::Timestamp;

use super::respond::metadata_of;
use crate::kinds::Kind;
use crate::object::Object;
use crate::status::Status;
use crate::value::{Value, json};

/// What of its object a row carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Include {
    /// Its metadata; the default.
    Metadata,
    /// All of it.
    Object,
    /// Nothing.
    None,
}

impl Include {
    /// The parameter `includeObject`.
    ///
    /// # Errors
    /// 400 for a value that is none.
    pub(super) fn parse(text: &str) -> Result<Self, Status> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "Object" => Ok(Self::Object),
            "None" => Ok(Self::None),
            other => Err(Status::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

/// How objects of a kind are shown.
pub(super) struct Table<'a> {
    pub(super) kind: &'a Kind,
    pub(super) include: Include,
    pub(super) now: Timestamp,
}

impl Table<'_> {
    /// A table of these objects; `head`: with the definitions of its columns.
    pub(super) fn of(&self, objects: &[Arc<Object>], metadata: &Value, head: bool) -> Value {
        let definitions = head.then(|| columns::definitions(self.kind));
        let rows: Value = objects.iter().map(|object| self.row(object)).collect();
        json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions, "rows": rows})
    }

    fn row(&self, object: &Object) -> Value {
        let shown = match self.include {
            Include::Metadata => metadata_of(object),
            Include::Object => object.value().clone(),
            Include::None => Value::Null,
        };
        let mut row = json!({"cells": cells::of(self.kind, object, self.now), "object": shown});
        if let Some(condition) = cells::condition(self.kind, object) {
            row["conditions"] = json!([condition]);
        }
        row
    }
}
