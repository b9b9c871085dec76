//! The walk over an object and its schema.

use std::fmt::Write as _;

use crate::value::{Map, Value};

use super::DecodeError;
use super::scalar::{self, Mismatch};
use crate::schema::{Node, Object, Zero};

/// Brings `value` into the form of its schema and returns the paths of the undeclared fields it dropped.
///
/// # Errors
/// The first value of a wrong type.
pub(crate) fn check(schema: &Node, value: &mut Value) -> Result<Vec<String>, DecodeError> {
    check_change(schema, value, None)
}

/// As [`check`], for what was made of `old`, which has been checked: what the two share in memory is neither looked at nor copied.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_change(schema: &Node, value: &mut Value, old: Option<&Value>) -> Result<Vec<String>, DecodeError> {
    let mut walk = Walk::default();
    if value.is_null() {
        *value = schema.empty();
    }
    walk.node(schema, value, old)?;
    Ok(walk.unknown)
}

#[derive(Default)]
struct Walk<'s> {
    /// Paths of the undeclared fields found so far.
    unknown: Vec<String>,
    /// Where the walk is, `spec.ports[0].port`.
    path: String,
    /// The same as Go's decoder tells it: struct fields only.
    go_path: String,
    /// Go type of the innermost struct.
    owner: &'s str,
}

impl<'s> Walk<'s> {
    fn node(&mut self, schema: &'s Node, value: &mut Value, old: Option<&Value>) -> Result<(), DecodeError> {
        if old.is_some_and(|old| value.is_same(old)) {
            return Ok(());
        }
        match (schema.resolve(), value) {
            (Node::Any, _) => Ok(()),
            (Node::Scalar(scalar), value) => scalar::check(*scalar, &mut *value).map_err(|mismatch| match mismatch {
                Mismatch::Type(kind) => self.mismatch(&kind, value, schema),
                Mismatch::Other(error) => error,
            }),
            (Node::Object(object), Value::Object(value)) => {
                let outer = std::mem::replace(&mut self.owner, &object.go_type);
                self.object(object, value, old)?;
                self.owner = outer;
                Ok(())
            }
            // `JSON` and unions of schemas take any value.
            (Node::Map(map), _) if *map.values == Node::Any => Ok(()),
            (Node::Map(map), Value::Object(value)) => value
                .iter_mut()
                .try_for_each(|(key, value)| self.inside(format_args!(".{key}"), &map.values, value, old.and_then(|old| old.get(key)))),
            (Node::List(list), Value::Array(items)) => items.iter_mut().enumerate().try_for_each(|(index, item)| {
                self.inside(format_args!("[{index}]"), &list.items, item, old.and_then(|old| old.get(index)))
            }),
            (_, value) => Err(self.mismatch(scalar::kind(value), value, schema)),
        }
    }

    /// A value of a map or list, where `null` is Go's zero value.
    fn inside(
        &mut self,
        step: std::fmt::Arguments<'_>,
        schema: &'s Node,
        value: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), DecodeError> {
        if value.is_null() {
            *value = scalar::zero(schema);
            return Ok(());
        }
        let length = self.path.len();
        let _ = self.path.write_fmt(step);
        self.node(schema, value, old)?;
        self.path.truncate(length);
        Ok(())
    }

    fn object(&mut self, object: &'s Object, value: &mut Map, old: Option<&Value>) -> Result<(), DecodeError> {
        let (length, go_length) = (self.path.len(), self.go_path.len());
        let mut dropped = Vec::new();
        for (name, value) in value.iter_mut() {
            push_field(&mut self.path, name);
            let old = old.and_then(|old| old.get(name.as_str()));
            match object.fields.get(name.as_str()) {
                Some(field) => {
                    push_field(&mut self.go_path, name);
                    if !value.is_null() {
                        self.node(&field.node, value, old)?;
                    }
                    self.go_path.truncate(go_length);
                    if value.is_null() || (field.zero == Zero::Drop && is_zero(value)) {
                        dropped.push(name.clone());
                    }
                }
                None => match &object.unknown {
                    Some(schema) => self.node(schema, value, old)?,
                    None => {
                        self.unknown.push(self.path.clone());
                        dropped.push(name.clone());
                    }
                },
            }
            self.path.truncate(length);
        }
        for name in dropped {
            value.remove(&name);
        }
        for (name, field) in &object.fields {
            match &field.zero {
                Zero::Emit(zero) if !value.contains_key(name) => value.insert(name.clone(), zero.clone()),
                Zero::Struct if !value.contains_key(name) => value.insert(name.clone(), field.node.empty()),
                Zero::Keep | Zero::Drop | Zero::Emit(_) | Zero::Struct => None,
            };
        }
        Ok(())
    }

    fn mismatch(&self, kind: &str, value: &Value, schema: &Node) -> DecodeError {
        let wanted = schema.go_type();
        let text = if self.go_path.is_empty() {
            format!("json: cannot unmarshal {kind} into Go value of type {wanted}")
        } else {
            let owner = self.owner.rsplit('.').next().unwrap_or_default();
            let path = &self.go_path;
            format!("json: cannot unmarshal {kind} into Go struct field {owner}.{path} of type {wanted}")
        };
        DecodeError {
            text,
            conversion: scalar::conversion(value, schema),
        }
    }
}

fn push_field(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use crate::value::{Value, json};
    use rstest::rstest;

    use crate::schema::builtin;

    fn check(gvk: [&str; 3], value: &mut Value) -> Result<Vec<String>, String> {
        let schema = builtin().of_gvk(gvk[0], gvk[1], gvk[2]).unwrap();
        super::check(schema, value).map_err(|error| error.to_string())
    }

    #[rstest]
    #[case(["", "v1", "ConfigMap"], json!({"data": {"k": 1}}),
        "json: cannot unmarshal number into Go struct field ConfigMap.data of type string")]
    #[case(["", "v1", "ConfigMap"], json!({"data": "x"}),
        "json: cannot unmarshal string into Go struct field ConfigMap.data of type map[string]string")]
    #[case(["", "v1", "ConfigMap"], json!({"metadata": {"labels": {"a": true}}}),
        "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string")]
    #[case(["", "v1", "Service"], json!({"spec": {"ports": [{"port": "x"}]}}),
        "json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32")]
    #[case(["", "v1", "Pod"], json!({"spec": {"containers": {}}}),
        "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container")]
    #[case(["", "v1", "Secret"], json!({"data": {"a": "%"}}), "illegal base64 data at input byte 0")]
    fn types_are_checked(#[case] gvk: [&str; 3], #[case] mut value: Value, #[case] message: &str) {
        assert_eq!(check(gvk, &mut value).unwrap_err(), message);
    }

    #[rstest]
    #[case(json!({"data": {"k": 1}}), "cannot convert int64 to string")]
    #[case(json!({"data": {"k": {}}}), "cannot convert map[string]interface {} to string")]
    #[case(json!({"data": []}), "cannot restore map from slice")]
    #[case(json!({"binaryData": {"k": 1.5}}), "cannot restore slice from float64")]
    #[case(json!({"metadata": "x"}), "cannot restore struct from: string")]
    #[case(json!({"binaryData": {"k": "%"}}), "illegal base64 data at input byte 0")]
    fn conversions_have_words_of_their_own(#[case] mut value: Value, #[case] message: &str) {
        let schema = builtin().of_gvk("", "v1", "ConfigMap").unwrap();
        assert_eq!(super::check(schema, &mut value).unwrap_err().of_conversion(), message);
    }

    #[test]
    fn undeclared_fields_are_dropped_and_told() {
        let mut value = json!({"spec": {"bogus": 1, "template": {"spec": {"containers": [{"name": "c", "x": 1}]}}}});
        let unknown = check(["apps", "v1", "Deployment"], &mut value).unwrap();
        assert_eq!(unknown, ["spec.bogus", "spec.template.spec.containers[0].x"]);
        assert_eq!(value["spec"].get("bogus"), None);
    }

    #[test]
    fn zero_values_are_as_go_leaves_them() {
        let mut value = json!({
            "metadata": {"finalizers": [], "labels": {}},
            "spec": {
                "replicas": 0, "paused": false, "minReadySeconds": 0,
                "template": {"spec": {
                    "nodeSelector": {}, "securityContext": {}, "volumes": [{"name": "v", "emptyDir": {}}],
                    "containers": [{"name": "c", "env": [{"name": "E", "value": ""}], "resources": {"limits": {"cpu": "1000m"}}}],
                }},
            },
        });
        check(["apps", "v1", "Deployment"], &mut value).unwrap();
        assert_eq!(
            value,
            json!({
                "metadata": {}, "status": {},
                "spec": {
                    "replicas": 0, "strategy": {},
                    "template": {"metadata": {}, "spec": {
                        "securityContext": {}, "volumes": [{"name": "v", "emptyDir": {}}],
                        "containers": [{"name": "c", "env": [{"name": "E"}], "resources": {"limits": {"cpu": "1"}}}],
                    }},
                },
            })
        );
    }

    #[test]
    fn null_in_a_map_is_the_zero_value_and_elsewhere_absent() {
        let mut value = json!({"data": {"a": null}, "metadata": null});
        check(["", "v1", "ConfigMap"], &mut value).unwrap();
        assert_eq!(value, json!({"data": {"a": ""}, "metadata": {}}));
    }

    #[test]
    fn times_are_in_utc_and_whole_seconds() {
        let mut value =
            json!({"spec": {"renewTime": "2026-01-01T01:00:00.500000+01:00"}, "metadata": {"creationTimestamp": "2026-01-01T00:00:00.9Z"}});
        check(["coordination.k8s.io", "v1", "Lease"], &mut value).unwrap();
        assert_eq!(value["spec"]["renewTime"], "2026-01-01T00:00:00.500000Z");
        assert_eq!(value["metadata"]["creationTimestamp"], "2026-01-01T00:00:00Z");
    }

    #[rstest::rstest]
    #[case("2026-01-01T00:00:00Z", "Z")]
    #[case("2026-01-01T00:00:00.123Z", ".123Z")]
    fn micro_times_have_six_digits(#[case] time: &str, #[case] rest: &str) {
        let mut value = json!({"spec": {"renewTime": time}});
        let layout = "2006-01-02T15:04:05.000000Z07:00";
        let expected = format!("parsing time {time:?} as {layout:?}: cannot parse {rest:?} as \".000000\"");
        let error = check(["coordination.k8s.io", "v1", "Lease"], &mut value).unwrap_err();
        assert!(error.to_string().ends_with(&expected), "{error}");
    }
}
