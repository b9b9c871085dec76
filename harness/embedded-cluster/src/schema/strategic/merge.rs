//! The merge of objects.

use crate::value::{Map, Value};

use super::PatchError;
use super::directives::{self, Directive};
use super::lists;
use crate::schema::{Field, Node};

/// `current` with `patch` merged in.
///
/// # Errors
/// A directive or a list item of the patch that makes no sense.
pub(crate) fn patch(schema: &Node, current: &Value, patch: &Value) -> Result<Value, PatchError> {
    let (Value::Object(current), Value::Object(patch)) = (current, patch) else {
        return Ok(patch.clone());
    };
    objects(schema, current.clone(), patch.clone()).map(Value::Object)
}

pub(super) fn objects(schema: &Node, mut current: Map, mut patch: Map) -> Result<Map, PatchError> {
    match directives::take(&mut patch)? {
        Some(Directive::Replace) => return Ok(patch),
        Some(Directive::Delete) => return Ok(Map::new()),
        Some(Directive::Merge) | None => {}
    }
    directives::retain_keys(&mut current, &mut patch)?;
    lists::set_element_order(schema, &mut current, &mut patch)?;
    for (name, value) in patch {
        if let Some(list) = name.strip_prefix(directives::DELETE_FROM_PRIMITIVE_LIST) {
            lists::delete_from(&mut current, list, &value);
            continue;
        }
        if value.is_null() {
            current.remove(&name);
            continue;
        }
        let (node, field) = schema.field(&name);
        let merged = match (current.remove(&name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => Value::Object(objects(node, old, new)?),
            (Some(Value::Array(old)), Value::Array(new)) if merges(field) => {
                lists::merge(node, merge_key(field), old.into(), new.into())?.into()
            }
            (Some(_), value @ Value::Array(_)) => value,
            (_, mut value) => {
                directives::drop_from(&mut value);
                value
            }
        };
        current.insert(name, merged);
    }
    Ok(current)
}

pub(super) fn merges(field: Option<&Field>) -> bool {
    field.is_some_and(|field| field.merge.merge)
}

pub(super) fn merge_key(field: Option<&Field>) -> Option<&str> {
    field.and_then(|field| field.merge.key.as_deref())
}

#[cfg(test)]
mod tests {
    use crate::value::{Value, json};
    use rstest::rstest;

    use crate::schema::builtin;

    fn patch(kind: &str, current: &Value, patch: &Value) -> Result<Value, String> {
        let schema = builtin().of_gvk("", "v1", kind).unwrap();
        super::patch(schema, current, patch).map_err(|error| error.to_string())
    }

    fn pod() -> Value {
        json!({"spec": {
            "containers": [
                {"name": "a", "image": "a:1", "args": ["x"], "env": [{"name": "E1", "value": "1"}, {"name": "E2", "value": "2"}]},
                {"name": "b", "image": "b:1"},
            ],
            "nodeSelector": {"a": "b"},
            "volumes": [{"name": "v", "emptyDir": {}}],
        }})
    }

    #[rstest]
    #[case::item_by_key(json!({"containers": [{"name": "b", "image": "b:2"}]}),
        "/spec/containers/1/image", json!("b:2"))]
    #[case::new_items_go_first(json!({"containers": [{"name": "z"}]}), "/spec/containers/0", json!({"name": "z"}))]
    #[case::item_deleted(json!({"containers": [{"$patch": "delete", "name": "a"}]}),
        "/spec/containers", json!([{"name": "b", "image": "b:1"}]))]
    #[case::list_replaced(json!({"containers": [{"name": "q"}, {"$patch": "replace"}]}),
        "/spec/containers", json!([{"name": "q"}]))]
    #[case::nested(json!({"containers": [{"name": "a", "env": [{"name": "E2", "value": "9"}, {"name": "E3"}]}]}),
        "/spec/containers/0/env", json!([{"name": "E1", "value": "1"}, {"name": "E2", "value": "9"}, {"name": "E3"}]))]
    #[case::atomic_list(json!({"containers": [{"name": "a", "args": ["z"]}]}), "/spec/containers/0/args", json!(["z"]))]
    #[case::map(json!({"nodeSelector": {"c": "d"}}), "/spec/nodeSelector", json!({"a": "b", "c": "d"}))]
    #[case::map_replaced(json!({"nodeSelector": {"$patch": "replace", "e": "f"}}), "/spec/nodeSelector", json!({"e": "f"}))]
    #[case::map_emptied(json!({"nodeSelector": {"$patch": "delete"}}), "/spec/nodeSelector", json!({}))]
    #[case::retain_keys(json!({"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/"}}]}),
        "/spec/volumes/0", json!({"name": "v", "hostPath": {"path": "/"}}))]
    #[case::order(json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}], "containers": [{"name": "b", "image": "b:2"}]}),
        "/spec/containers/0", json!({"name": "b", "image": "b:2"}))]
    fn merges(#[case] spec: Value, #[case] pointer: &str, #[case] expected: Value) {
        let merged = patch("Pod", &pod(), &json!({"spec": spec})).unwrap();
        assert_eq!(merged.pointer(pointer), Some(&expected), "{merged}");
    }

    #[rstest]
    #[case(json!({"containers": [{"image": "x"}]}), "map: map[image:x] does not contain declared merge key: name")]
    #[case(json!({"containers": [{"$patch": "frob", "name": "a"}]}), "unknown patch type: frob in map: map[$patch:frob name:a]")]
    #[case(json!({"nodeSelector": {"$patch": "frob"}}), "unknown patch type: frob in map: map[$patch:frob]")]
    fn refuses(#[case] spec: Value, #[case] message: &str) {
        assert_eq!(patch("Pod", &pod(), &json!({"spec": spec})).unwrap_err(), message);
    }

    #[rstest]
    #[case(json!({"finalizers": ["b"]}), json!(["b", "a"]))]
    #[case(json!({"$deleteFromPrimitiveList/finalizers": ["a"]}), json!([]))]
    #[case(json!({"$setElementOrder/finalizers": ["c", "a"], "finalizers": ["c"]}), json!(["c", "a"]))]
    fn lists_of_text(#[case] metadata: Value, #[case] expected: Value) {
        let current = json!({"metadata": {"finalizers": ["a"]}});
        let merged = patch("ConfigMap", &current, &json!({"metadata": metadata})).unwrap();
        assert_eq!(merged["metadata"]["finalizers"], expected);
    }

    #[test]
    fn nulls_delete_and_do_not_appear() {
        let patch_value = json!({"data": null, "metadata": {"labels": {"a": null, "b": "c"}}});
        let merged = patch("ConfigMap", &json!({"data": {"x": "y"}}), &patch_value).unwrap();
        assert_eq!(merged, json!({"metadata": {"labels": {"b": "c"}}}));
    }
}
