//! Whether an object may be stored: metadata, then what its kind demands.

mod metadata;
pub(crate) mod names;

use serde_json::Value;

use crate::kinds::Kind;
use crate::status::Cause;

/// Everything that is wrong with an object. `old` is the state it replaces.
pub(crate) fn check(kind: &Kind, object: &Value, old: Option<&Value>, _subresource: &str) -> Vec<Cause> {
    let mut causes = metadata::check(kind, object, old);
    if let Some(custom) = &kind.custom {
        causes.extend(custom.schema.validate(object, old));
    } else if kind.kind == "CustomResourceDefinition" {
        causes.extend(crate::crd::check(object));
    }
    causes
}
