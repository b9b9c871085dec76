//! A structural schema as a [`Node`].

use std::collections::BTreeMap;

use super::props::Props;
use crate::schema::{Field, List, Map, Merge, Node, Object, Scalar, Zero, builtin};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// The node of a whole object.
pub(super) fn root(props: &Props) -> Node {
    match convert(props, false) {
        Node::Object(mut object) => {
            object.fields.extend(type_and_metadata());
            Node::Object(object)
        }
        // `type: object` with `additionalProperties`, or nothing but preserved fields.
        other => Node::Object(Object {
            fields: type_and_metadata(),
            unknown: Some(Box::new(match other {
                Node::Map(map) => *map.values,
                _ => Node::Any,
            })),
            ..Object::default()
        }),
    }
}

/// The node of a value.
pub(super) fn of(props: &Props) -> Node {
    convert(props, false)
}

fn convert(props: &Props, preserve: bool) -> Node {
    // Preserving unknown fields holds for everything below.
    let preserve = preserve || props.preserves();
    if props.int_or_string {
        return Node::Scalar(Scalar::IntOrString);
    }
    let atomic = props.map_type.as_deref() == Some("atomic");
    match props.kind.as_str() {
        "object" => match props.map_values() {
            Some(values) if props.properties.is_empty() => Node::Map(Map {
                values: Box::new(convert(values, preserve)),
                atomic,
            }),
            _ => {
                let mut fields: BTreeMap<String, Field> = props
                    .properties
                    .iter()
                    .map(|(name, props)| (name.clone(), field(convert(props, preserve), props.default.clone())))
                    .collect();
                if props.embedded {
                    fields.extend(type_and_metadata());
                }
                Node::Object(Object {
                    fields,
                    unknown: preserve.then(|| Box::new(Node::Any)),
                    atomic,
                    ..Object::default()
                })
            }
        },
        "array" => Node::List(List {
            items: Box::new(props.items.as_deref().map_or(Node::Any, |items| convert(items, preserve))),
            list_type: props.list_type_of_items(),
        }),
        "string" => Node::Scalar(Scalar::String),
        "boolean" => Node::Scalar(Scalar::Boolean),
        "integer" => Node::Scalar(Scalar::Int64),
        "number" => Node::Scalar(Scalar::Number),
        _ => Node::Any,
    }
}

fn type_and_metadata() -> BTreeMap<String, Field> {
    let metadata = builtin().of_name(OBJECT_META).cloned().unwrap_or(Node::Any);
    let text = || field(Node::Scalar(Scalar::String), None);
    BTreeMap::from([
        ("apiVersion".to_owned(), text()),
        ("kind".to_owned(), text()),
        ("metadata".to_owned(), field(metadata, None)),
    ])
}

fn field(node: Node, default: Option<crate::value::Value>) -> Field {
    Field {
        node,
        default,
        zero: Zero::Keep,
        merge: Merge::default(),
    }
}
