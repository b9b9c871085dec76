//! Between the version that is stored and the version that is served.
//!
//! Only three built-in resources are served in another shape than they are stored in; custom
//! resources (conversion `None`) change nothing but `apiVersion`.

mod autoscaler;

use std::borrow::Cow;
use std::sync::Arc;

use crate::value::{Map, Value};

use crate::kinds::Kind;
use crate::object::Object;

/// A stored object as `kind` serves it; the same object where that is the stored version.
pub(crate) fn to_served(object: &Arc<Object>, kind: &Kind) -> Arc<Object> {
    if kind.api_version() == kind.storage_version {
        return object.clone();
    }
    let mut value = object.value().clone();
    served_value(&mut value, kind);
    Arc::new(Object::new(value))
}

/// Changes a stored value into the served version.
pub(crate) fn served_value(value: &mut Value, kind: &Kind) {
    convert(value, kind, &kind.api_version(), Direction::Out);
}

/// A HorizontalPodAutoscaler of any version, as `autoscaling/v2` has it.
pub(crate) fn autoscaler_v2(value: &Value) -> Cow<'_, Value> {
    if value["apiVersion"] != "autoscaling/v1" {
        return Cow::Borrowed(value);
    }
    let mut value = value.clone();
    autoscaler::to_v2(&mut value);
    Cow::Owned(value)
}

/// Changes a served value into the stored version.
pub(crate) fn stored_value(value: &mut Value, kind: &Kind) {
    convert(value, kind, &kind.storage_version, Direction::In);
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    In,
    Out,
}

fn convert(value: &mut Value, kind: &Kind, api_version: &str, direction: Direction) {
    if kind.api_version() == kind.storage_version {
        return;
    }
    value["apiVersion"] = api_version.into();
    if kind.resource.group() == "autoscaling" {
        match direction {
            Direction::Out => autoscaler::to_v1(value),
            Direction::In => autoscaler::to_v2(value),
        }
    }
    if kind.resource.group() == "events.k8s.io"
        && let Some(object) = value.as_object_mut()
    {
        rename(object, EVENT_FIELDS, direction);
    }
}

/// Fields of events: name in `events.k8s.io/v1`, name in the stored `v1`.
const EVENT_FIELDS: &[(&str, &str)] = &[
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
    ("deprecatedCount", "count"),
];

fn rename(object: &mut Map, fields: &[(&str, &str)], direction: Direction) {
    for (served, stored) in fields {
        let (from, to) = if direction == Direction::Out {
            (stored, served)
        } else {
            (served, stored)
        };
        if let Some(value) = object.remove(from) {
            object.insert((*to).to_owned(), value);
        }
    }
}
