//! FieldsV1: a field set as `managedFields` holds it, `{"f:data":{".":{},"f:k":{}}}`.

use smol_str::format_smolstr;

use crate::value::{Map, Text, Value};

use super::fieldset::{FieldSet, PathElement};
use super::shared::Shared;

const SELF: &str = ".";

impl FieldSet {
    /// Reads FieldsV1. Elements in no known form are left out.
    pub(crate) fn from_fields_v1(fields: &Value) -> FieldSet {
        let mut set = FieldSet::default();
        let Value::Object(fields) = fields else {
            return set;
        };
        for (text, below) in fields {
            let Some(element) = parse(text) else { continue };
            let Some(object) = below.as_object() else { continue };
            if object.is_empty() || object.contains_key(SELF) {
                set.insert(element.clone());
            }
            set.insert_below(element, FieldSet::from_fields_v1(below));
        }
        set
    }

    /// Writes FieldsV1, of trees that are `shared`.
    pub(crate) fn to_fields_v1(&self, shared: &Shared) -> Value {
        Value::Object(self.tree(false, shared))
    }

    /// `is_member`: whether the path to here is in the set, too.
    fn tree(&self, is_member: bool, shared: &Shared) -> Map {
        let mut fields = Vec::with_capacity(self.len_here() + usize::from(is_member));
        if is_member {
            fields.push((SELF.into(), Value::Object(Map::new())));
        }
        let below = self
            .children()
            .map(|(element, set)| (print(element), Value::Object(set.tree(self.has(element), shared))));
        fields.extend(below);
        let leaves = self.members().filter(|element| self.below(element).is_none());
        fields.extend(leaves.map(|element| (print(element), Value::Object(Map::new()))));
        shared.one(Map::from_fields(fields))
    }
}

/// Whether a set has a path that FieldsV1 has too. Costs what the set is large.
pub(super) fn meets(fields: &Value, set: &FieldSet) -> bool {
    let Value::Object(fields) = fields else { return false };
    set.members().any(|element| fields.get(&print(element)).is_some_and(is_path))
        || set
            .children()
            .any(|(element, set)| fields.get(&print(element)).is_some_and(|below| meets(below, set)))
}

/// Whether FieldsV1 has every path of a set. Costs what the set is large.
pub(super) fn covers(fields: &Value, set: &FieldSet) -> bool {
    let Value::Object(fields) = fields else { return set.is_empty() };
    set.members().all(|element| fields.get(&print(element)).is_some_and(is_path))
        && set
            .children()
            .all(|(element, set)| fields.get(&print(element)).is_some_and(|below| covers(below, set)))
}

/// Whether a path ends at a node of FieldsV1, too.
fn is_path(node: &Value) -> bool {
    node.as_object().is_some_and(|node| node.is_empty() || node.contains_key(SELF))
}

fn parse(text: &str) -> Option<PathElement> {
    let (kind, rest) = text.split_at_checked(2)?;
    let canonical = |rest: &str| Some(serde_json::from_str::<Value>(rest).ok()?.to_string());
    Some(match kind {
        "f:" => PathElement::Field(rest.into()),
        "k:" => PathElement::Key(canonical(rest)?.into()),
        "v:" => PathElement::Value(canonical(rest)?.into()),
        "i:" => PathElement::Index(rest.parse().ok()?),
        _ => return None,
    })
}

fn print(element: &PathElement) -> Text {
    match element {
        PathElement::Field(name) => format_smolstr!("f:{name}"),
        PathElement::Key(keys) => format_smolstr!("k:{keys}"),
        PathElement::Value(value) => format_smolstr!("v:{value}"),
        PathElement::Index(index) => format_smolstr!("i:{index}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn survives_a_round_trip() {
        let fields = json!({
            "f:data": {".": {}, "f:k": {}},
            "f:metadata": {"f:finalizers": {"v:\"a.com/1\"": {}}},
            "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}},
        });
        let set = FieldSet::from_fields_v1(&fields);
        assert_eq!(set.to_fields_v1(&Shared::default()), fields);
        assert_eq!(
            set.paths(),
            [
                ".data",
                ".data.k",
                ".metadata.finalizers[=\"a.com/1\"]",
                ".spec.ports[port=80,protocol=\"TCP\"]",
                ".spec.ports[port=80,protocol=\"TCP\"].port",
            ]
        );
    }

    #[test]
    fn set_operations() {
        let set = |fields| FieldSet::from_fields_v1(&fields);
        let a = set(json!({"f:a": {".": {}, "f:b": {}, "f:c": {}}}));
        let b = set(json!({"f:a": {"f:b": {}}}));
        assert_eq!(a.difference(&b), set(json!({"f:a": {".": {}, "f:c": {}}})));
        assert_eq!(a.intersection(&b), b);
        assert_eq!(b.clone().union(&set(json!({"f:a": {}, "f:z": {}}))).paths(), [".a", ".z", ".a.b"]);
        assert!(a.recursive_difference(&set(json!({"f:a": {}}))).is_empty());
    }
}
