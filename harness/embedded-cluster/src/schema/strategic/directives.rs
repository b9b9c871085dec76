//! `$patch`, `$retainKeys` and the prefixes of list directives.

use crate::value::{Map, Value};

use super::PatchError;
use crate::schema::go_format;

pub(super) const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList/";
pub(super) const SET_ELEMENT_ORDER: &str = "$setElementOrder/";
const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";

/// `$patch` of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directive {
    /// Take the patch as it is.
    Replace,
    /// Merge, as without a directive.
    Merge,
    /// Delete the object, or the list item.
    Delete,
}

/// Takes the `$patch` directive out of an object.
pub(super) fn take(patch: &mut Map) -> Result<Option<Directive>, PatchError> {
    let directive = match patch.get(PATCH) {
        None => return Ok(None),
        Some(Value::String(text)) => match text.as_str() {
            "replace" => Directive::Replace,
            "merge" => Directive::Merge,
            "delete" => Directive::Delete,
            unknown => {
                return Err(PatchError::UnknownDirective {
                    directive: unknown.to_owned(),
                    element: go_format(&Value::Object(patch.clone())),
                });
            }
        },
        Some(other) => {
            return Err(PatchError::UnknownDirective {
                directive: go_format(other),
                element: go_format(&Value::Object(patch.clone())),
            });
        }
    };
    patch.remove(PATCH);
    Ok(Some(directive))
}

/// Applies `$retainKeys`: keys of `current` that it does not list are dropped.
pub(super) fn retain_keys(current: &mut Map, patch: &mut Map) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    let Value::Array(keys) = keys else {
        return Err(PatchError::BadDirective(format!(
            "invalid patch format of {RETAIN_KEYS} in map: {}",
            go_format(&Value::Object(patch.clone()))
        )));
    };
    let retained = |key: &str| keys.iter().any(|retained| retained.as_str() == Some(key));
    if patch
        .iter()
        .any(|(key, value)| !value.is_null() && !key.starts_with('$') && !retained(key))
    {
        return Err(PatchError::BadDirective(
            "some fields in the patch are not present in the retainKeys list".to_owned(),
        ));
    }
    current.retain(|key, _| retained(key));
    Ok(())
}

/// Removes directives and nulls from a value that is new to the object.
pub(super) fn drop_from(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, value| !value.is_null() && !is_directive(key));
            object.values_mut().for_each(drop_from);
        }
        Value::Array(items) => {
            items.retain(|item| item.get(PATCH).is_none());
            items.iter_mut().for_each(drop_from);
        }
        _ => {}
    }
}

fn is_directive(key: &str) -> bool {
    key == PATCH || key == RETAIN_KEYS || key.starts_with(SET_ELEMENT_ORDER) || key.starts_with(DELETE_FROM_PRIMITIVE_LIST)
}
