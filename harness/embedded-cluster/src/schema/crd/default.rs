//! Defaults of a structural schema.

use crate::value::Value;

use super::props::Props;

/// Fills in defaults. `applied`: nulls that the schema does not allow stay, for validation to find; else they are as good as
/// no value.
pub(super) fn set(props: &Props, value: &mut Value, applied: bool) {
    match value {
        Value::Object(object) => {
            for (name, field) in &props.properties {
                let absent = object.get(name).is_none_or(|value| value.is_null() && !field.nullable);
                if !absent {
                    continue;
                }
                match &field.default {
                    Some(default) if !default.is_null() || field.nullable => {
                        object.insert(name.clone(), default.clone());
                    }
                    _ if applied => {}
                    _ => {
                        object.remove(name);
                    }
                }
            }
            if let Some(values) = props.map_values().filter(|_| !applied) {
                object.retain(|name, value| {
                    props.properties.contains_key(name.as_str()) || values.nullable || !value.is_null() || values.default.is_some()
                });
            }
            for (name, value) in object.iter_mut() {
                if let Some(field) = props.properties.get(name.as_str()).or(props.map_values()) {
                    if value.is_null() && !field.nullable {
                        *value = field.default.clone().unwrap_or_default();
                    }
                    set(field, value, applied);
                }
            }
        }
        Value::Array(items) => {
            if let Some(props) = &props.items {
                for item in items {
                    if let (true, Some(default)) = (item.is_null() && !props.nullable, &props.default) {
                        *item = default.clone();
                    }
                    set(props, item, applied);
                }
            }
        }
        _ => {}
    }
}
