//! The built-in definitions of Kubernetes 1.36, each parsed when it is first used.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use crate::value::Value;
use serde::Deserialize;

use super::node::{Field, List, ListType, Map, Merge, Node, Object, Scalar, Zero};
use super::zero;

const DEFINITIONS: &str = include_str!(concat!(env!("OUT_DIR"), "/definitions.tsv"));

/// The built-in definitions. Indexing them takes well under a millisecond.
pub(crate) fn builtin() -> &'static Schemas {
    static SCHEMAS: LazyLock<Schemas> = LazyLock::new(Schemas::index);
    &SCHEMAS
}

/// A definition's place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DefinitionId(u16);

/// Built-in schemas by group, version and kind.
pub(crate) struct Schemas {
    definitions: Vec<Definition>,
    kinds: BTreeMap<&'static str, DefinitionId>,
}

struct Definition {
    name: &'static str,
    json: &'static str,
    node: OnceLock<Node>,
}

impl Schemas {
    fn index() -> Self {
        let mut definitions = Vec::new();
        let mut kinds = BTreeMap::new();
        for line in DEFINITIONS.lines() {
            let mut columns = line.splitn(3, '\t');
            let mut column = || columns.next().unwrap_or_default();
            let (name, gvks, json) = (column(), column(), column());
            let id = DefinitionId(u16::try_from(definitions.len()).unwrap_or(u16::MAX));
            for gvk in gvks.split(',').filter(|gvk| !gvk.is_empty()) {
                kinds.insert(gvk, id);
            }
            definitions.push(Definition {
                name,
                json,
                node: OnceLock::new(),
            });
        }
        Schemas { definitions, kinds }
    }

    /// The schema of a kind; the core group is `""`.
    pub(crate) fn of_gvk(&self, group: &str, version: &str, kind: &str) -> Option<&Node> {
        let id = self.kinds.get(format!("{group}/{version}/{kind}").as_str())?;
        Some(self.definition(*id))
    }

    /// The schema named `io.k8s...`.
    pub(crate) fn of_name(&self, name: &str) -> Option<&Node> {
        Some(self.definition(self.id(name)?))
    }

    pub(super) fn definition(&self, id: DefinitionId) -> &Node {
        let definition = &self.definitions[usize::from(id.0)];
        definition.node.get_or_init(|| self.parse(id))
    }

    fn id(&self, name: &str) -> Option<DefinitionId> {
        let at = self.definitions.binary_search_by(|definition| definition.name.cmp(name)).ok()?;
        u16::try_from(at).ok().map(DefinitionId)
    }

    /// The leaf type of a definition that stands for one, found without parsing it.
    pub(super) fn scalar(&self, id: DefinitionId) -> Option<Scalar> {
        match self.definitions[usize::from(id.0)].name {
            "io.k8s.apimachinery.pkg.apis.meta.v1.Time" => Some(Scalar::Time),
            "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime" => Some(Scalar::MicroTime),
            "io.k8s.apimachinery.pkg.api.resource.Quantity" => Some(Scalar::Quantity),
            "io.k8s.apimachinery.pkg.util.intstr.IntOrString" => Some(Scalar::IntOrString),
            _ => None,
        }
    }

    fn parse(&self, id: DefinitionId) -> Node {
        if let Some(scalar) = self.scalar(id) {
            return Node::Scalar(scalar);
        }
        let definition = &self.definitions[usize::from(id.0)];
        // The text was written by this crate's build from checked data; an unreadable definition would accept anything.
        let Ok(schema) = serde_json::from_str::<Document>(definition.json) else {
            return Node::Any;
        };
        match definition.name {
            // `JSON`, schema unions, `RawExtension` and the like: any value, which apply takes as one.
            name if schema.properties.is_empty() && !name.ends_with("SubresourceStatus") => Node::Map(Map {
                values: Box::new(Node::Any),
                atomic: true,
            }),
            name => self.node(name, schema),
        }
    }

    fn node(&self, owner: &str, schema: Document) -> Node {
        if let Some(target) = schema.reference() {
            return match self.id(target) {
                Some(id) => Node::Ref(id),
                None => Node::Any,
            };
        }
        match schema.kind.as_str() {
            "object" if schema.additional_properties.is_some() => Node::Map(Map {
                atomic: schema.map_type == "atomic",
                values: Box::new(schema.additional_properties.map_or(Node::Any, |values| self.node(owner, *values))),
            }),
            "object" => Node::Object(Object {
                go_type: go_type(owner),
                atomic: schema.map_type == "atomic",
                fields: schema
                    .properties
                    .into_iter()
                    .map(|(name, property)| {
                        let required = schema.required.contains(&name);
                        let field = self.field(owner, &name, property, required);
                        (name, field)
                    })
                    .collect(),
                unknown: None,
            }),
            "array" if schema.format == "byte" => Node::Scalar(Scalar::Bytes),
            "array" => Node::List(List {
                list_type: match schema.list_type.as_str() {
                    "map" => ListType::Map(schema.list_map_keys),
                    "set" => ListType::Set,
                    _ => ListType::Atomic,
                },
                items: Box::new(schema.items.map_or(Node::Any, |items| self.node(owner, *items))),
            }),
            "boolean" => Node::Scalar(Scalar::Boolean),
            "integer" if schema.format == "int32" => Node::Scalar(Scalar::Int32),
            "integer" => Node::Scalar(Scalar::Int64),
            "number" => Node::Scalar(Scalar::Number),
            "string" if schema.format == "byte" => Node::Scalar(Scalar::Bytes),
            "string" => Node::Scalar(Scalar::String),
            _ => Node::Any,
        }
    }

    fn field(&self, owner: &str, name: &str, schema: Document, required: bool) -> Field {
        let mut default = schema.default.clone();
        let merge = Merge {
            merge: schema.patch_strategy.split(',').any(|strategy| strategy == "merge"),
            key: schema.merge_key.clone(),
        };
        let node = self.node(owner, schema);
        let zero = zero::of(owner, name, &node, default.as_ref(), required);
        if matches!(zero, Zero::Struct) {
            default = None;
        }
        Field {
            node,
            default,
            zero,
            merge,
        }
    }
}

/// `io.k8s.api.core.v1.Container` is `v1.Container`.
fn go_type(name: &str) -> String {
    let mut parts = name.rsplitn(3, '.');
    let kind = parts.next().unwrap_or_default();
    let version = parts.next().unwrap_or_default();
    format!("{version}.{kind}")
}

/// The part of an OpenAPI v3 schema that Kubernetes' documents use.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(default)]
    all_of: Vec<Document>,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    format: String,
    #[serde(default)]
    properties: BTreeMap<String, Document>,
    #[serde(default)]
    required: Vec<String>,
    items: Option<Box<Document>>,
    additional_properties: Option<Box<Document>>,
    default: Option<Value>,
    #[serde(rename = "x-kubernetes-list-type", default)]
    list_type: String,
    #[serde(rename = "x-kubernetes-list-map-keys", default)]
    list_map_keys: Vec<String>,
    #[serde(rename = "x-kubernetes-map-type", default)]
    map_type: String,
    #[serde(rename = "x-kubernetes-patch-strategy", default)]
    patch_strategy: String,
    #[serde(rename = "x-kubernetes-patch-merge-key")]
    merge_key: Option<String>,
}

impl Document {
    /// Name of the definition this refers to; a reference with a default is wrapped in `allOf`.
    fn reference(&self) -> Option<&str> {
        let reference = match &self.reference {
            Some(reference) => reference,
            None => self.all_of.first()?.reference.as_ref()?,
        };
        reference.strip_prefix("#/components/schemas/")
    }
}
