//! `Table` answers, for `kubectl get`: name and time of creation of every object.

use std::sync::Arc;

use crate::value::{Value, json};

use crate::apiserver::ApiServer;
use crate::object::Object;

const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to \
    request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration \
    definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";

/// A table of these objects; rows carry their metadata.
pub(super) fn of_objects(server: &ApiServer, objects: &[Arc<Object>], metadata: &Value, columns: bool) -> Value {
    table(objects, metadata, columns, server.clock.now())
}

/// As [`of_objects`], at a time.
pub(super) fn table(objects: &[Arc<Object>], metadata: &Value, columns: bool, now: jiff::Timestamp) -> Value {
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            json!({"cells": [object.name(), age(object.creation_timestamp(), now)], "object": super::respond::metadata_of(object)})
        })
        .collect();
    let definitions = json!([
        {"name": "Name", "type": "string", "format": "name", "description": NAME, "priority": 0},
        {"name": "Age", "type": "string", "format": "", "description": "Time since the object was created", "priority": 0},
    ]);
    let definitions = if columns { definitions } else { Value::Null };
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions, "rows": rows})
}

/// Time since creation in the largest sensible unit.
fn age(created: &str, now: jiff::Timestamp) -> String {
    let Ok(created) = created.parse::<jiff::Timestamp>() else {
        return "<unknown>".into();
    };
    match now.as_second() - created.as_second() {
        seconds if seconds < 120 => format!("{}s", seconds.max(0)),
        seconds if seconds < 2 * 3600 => format!("{}m", seconds / 60),
        seconds if seconds < 48 * 3600 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86400),
    }
}
