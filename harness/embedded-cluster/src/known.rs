//! What Kubernetes' own kinds look like, for those who speak of objects before there are any: checkers of files, editors.
//!
//! ```
//! use embedded_cluster::known;
//!
//! let fields = serde_json::json!({"spec": {"replica": 2}});
//! let unknown = known::unknown_field("apps/v1", "Deployment", &fields).unwrap();
//! assert_eq!(unknown.path, [known::Key::Field("spec".into()), known::Key::Field("replica".into())]);
//! assert!(unknown.known.contains(&"replicas".to_owned()));
//! ```

use crate::cel::{Environment, Type, compile};
use crate::kinds::{BUILTIN, Kind};
use crate::schema::Node;

/// A field that a kind does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// Where it stands.
    pub path: Vec<Key>,
    /// Fields that there are in its place.
    pub known: Vec<String>,
}

/// A step on the way to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A field's name.
    Field(String),
    /// A position in a list, from 0.
    Item(usize),
}

/// The kinds of one of Kubernetes' own versions; `None` for versions that are not, or not in this release.
pub fn of_version(api_version: &str) -> Option<Vec<String>> {
    let of_it = BUILTIN.in_order.iter().filter(|kind| kind.api_version() == api_version);
    let kinds: Vec<String> = of_it.map(|kind| kind.kind.clone()).collect();
    (!kinds.is_empty()).then_some(kinds)
}

/// Whether objects of a kind are in namespaces; `None` if the kind is not one of Kubernetes' own.
pub fn is_namespaced(api_version: &str, kind: &str) -> Option<bool> {
    find(api_version, kind).map(|kind| kind.namespaced)
}

/// The first of some `fields` that objects of a kind do not have; `None` if all are known, or the kind is not one of Kubernetes' own.
pub fn unknown_field(api_version: &str, kind: &str, fields: &serde_json::Value) -> Option<UnknownField> {
    let kind = find(api_version, kind)?;
    let mut path = Vec::new();
    let known = walk(kind.schema()?, fields, &mut path)?;
    Some(UnknownField { path, known })
}

/// Whether an expression (CEL) speaks of fields that objects of a kind do not have. Its variables are `object`, `objects` (a list of them) and
/// `cluster`, a text. Nothing is said of kinds that are not Kubernetes' own.
///
/// # Errors
/// Which fields, in CEL's words.
pub fn expression_fields(api_version: &str, kind: &str, text: &str) -> Result<(), String> {
    const UNDEFINED: &str = "undefined field";
    let Some(kind) = find(api_version, kind) else { return Ok(()) };
    let Some(schema) = kind.schema() else { return Ok(()) };
    let environment = Environment::default()
        .with("object", schema.expression_type())
        .with("objects", Type::list(schema.expression_type()))
        .with("cluster", Type::String);
    let Err(errors) = compile(text, environment) else {
        return Ok(());
    };
    let undefined = errors.lines().filter_map(|line| line.find(UNDEFINED).map(|at| &line[at..]));
    let undefined: Vec<&str> = undefined.collect();
    if undefined.is_empty() { Ok(()) } else { Err(undefined.join(", ")) }
}

fn find(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    BUILTIN.kind_of(group, version, kind).map(AsRef::as_ref)
}

/// The fields that are known where one is not.
fn walk(schema: &Node, value: &serde_json::Value, path: &mut Vec<Key>) -> Option<Vec<String>> {
    match (schema.resolve(), value) {
        (Node::Object(object), serde_json::Value::Object(fields)) => fields.iter().find_map(|(name, value)| {
            let node = object.fields.get(name).map(|field| &field.node).or(object.unknown.as_deref());
            path.push(Key::Field(name.clone()));
            let found = match node {
                Some(node) => walk(node, value, path),
                None => Some(object.fields.keys().cloned().collect()),
            };
            if found.is_none() {
                path.pop();
            }
            found
        }),
        (Node::Map(map), serde_json::Value::Object(fields)) => fields.iter().find_map(|(name, value)| {
            path.push(Key::Field(name.clone()));
            let found = walk(&map.values, value, path);
            if found.is_none() {
                path.pop();
            }
            found
        }),
        (Node::List(list), serde_json::Value::Array(items)) => items.iter().enumerate().find_map(|(index, item)| {
            path.push(Key::Item(index));
            let found = walk(&list.items, item, path);
            if found.is_none() {
                path.pop();
            }
            found
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::known(json!({"metadata": {"labels": {"any": "x"}}, "spec": {"template": {"spec": {"containers": [{"name": "c"}]}}}}), "")]
    #[case::top(json!({"dta": 1}), "dta")]
    #[case::deep(json!({"spec": {"template": {"spec": {"containers": [{"name": "c"}, {"image": "i", "imag": "x"}]}}}}), "spec.template.spec.containers.1.imag")]
    #[case::of_metadata(json!({"metadata": {"lables": {}}}), "metadata.lables")]
    fn unknown_fields(#[case] fields: serde_json::Value, #[case] expected: &str) {
        let found = unknown_field("apps/v1", "Deployment", &fields);
        let shown = |key: &Key| match key {
            Key::Field(name) => name.clone(),
            Key::Item(index) => index.to_string(),
        };
        let path: Vec<String> = found.iter().flat_map(|found| &found.path).map(shown).collect();
        assert_eq!(path.join("."), expected);
    }

    #[rstest]
    #[case::fine("object.spec.replicas == 2 && object.metadata.labels.app == 'x'", None)]
    #[case::misspelt("object.spec.replica == 2", Some("undefined field 'replica'"))]
    #[case::of_all("objects.all(o, o.status.phse == 'Running')", Some("undefined field 'phse'"))]
    #[case::tested("has(object.spec.replica)", Some("undefined field 'replica'"))]
    #[case::other_faults("object.spec.replicas == '2' && cluster == 'a'", None)]
    fn expressions(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(expression_fields("apps/v1", "Deployment", text).err().as_deref(), expected);
    }

    #[test]
    fn versions() {
        assert!(of_version("v1").is_some_and(|kinds| kinds.contains(&"ConfigMap".to_owned())));
        assert_eq!(of_version("flyte.lyft.com/v1alpha1"), None);
        assert_eq!(unknown_field("flyte.lyft.com/v1alpha1", "FlyteWorkflow", &json!({"x": 1})), None);
        assert_eq!(expression_fields("flyte.lyft.com/v1alpha1", "FlyteWorkflow", "object.x"), Ok(()));
    }
}
