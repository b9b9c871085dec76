//! `JSONSchemaProps` of a structural schema.

use std::collections::BTreeMap;

use crate::value::{Number, Value};
use serde::Deserialize;

use crate::schema::ListType;

/// A schema as a definition writes it. Keywords that only describe are left out.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Props {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) format: String,
    pub(super) properties: BTreeMap<String, Props>,
    pub(super) additional_properties: Option<Additional>,
    pub(super) items: Option<Box<Props>>,
    pub(super) required: Vec<String>,
    #[serde(rename = "enum")]
    pub(super) values: Option<Vec<Value>>,
    pub(super) default: Option<Value>,
    pub(super) nullable: bool,
    pub(super) pattern: Option<String>,
    pub(super) min_length: Option<i64>,
    pub(super) max_length: Option<i64>,
    pub(super) minimum: Option<Number>,
    pub(super) exclusive_minimum: bool,
    pub(super) maximum: Option<Number>,
    pub(super) exclusive_maximum: bool,
    pub(super) multiple_of: Option<Number>,
    pub(super) min_items: Option<i64>,
    pub(super) max_items: Option<i64>,
    pub(super) unique_items: bool,
    pub(super) min_properties: Option<i64>,
    pub(super) max_properties: Option<i64>,
    pub(super) all_of: Vec<Props>,
    pub(super) any_of: Vec<Props>,
    pub(super) one_of: Vec<Props>,
    pub(super) not: Option<Box<Props>>,
    pub(super) title: String,
    pub(super) description: String,
    #[serde(rename = "x-kubernetes-preserve-unknown-fields")]
    pub(super) preserve: Option<bool>,
    #[serde(rename = "x-kubernetes-embedded-resource")]
    pub(super) embedded: bool,
    #[serde(rename = "x-kubernetes-int-or-string")]
    pub(super) int_or_string: bool,
    #[serde(rename = "x-kubernetes-list-type")]
    pub(super) list_type: Option<String>,
    #[serde(rename = "x-kubernetes-list-map-keys")]
    pub(super) list_map_keys: Vec<String>,
    #[serde(rename = "x-kubernetes-map-type")]
    pub(super) map_type: Option<String>,
    #[serde(rename = "x-kubernetes-validations")]
    pub(super) rules: Vec<Value>,
    #[serde(flatten)]
    pub(super) foreign: Foreign,
}

/// Keywords of JSON Schema that definitions may not use.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Foreign {
    pub(super) id: String,
    #[serde(rename = "$ref")]
    pub(super) reference: Option<String>,
    pub(super) additional_items: Option<Value>,
    pub(super) pattern_properties: BTreeMap<String, Value>,
    pub(super) definitions: BTreeMap<String, Value>,
    pub(super) dependencies: Option<BTreeMap<String, Value>>,
}

/// `additionalProperties`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Additional {
    /// Allowed or not.
    Allowed(bool),
    /// Allowed, of this schema.
    Schema(Box<Props>),
}

impl Props {
    pub(super) fn parse(schema: &Value) -> Result<Self, serde_json::Error> {
        Props::deserialize(serde_json::Value::from(schema))
    }

    /// An object with any fields.
    pub(super) fn anything() -> Self {
        Props {
            kind: "object".to_owned(),
            preserve: Some(true),
            ..Props::default()
        }
    }

    /// Whether undeclared fields stay.
    pub(super) fn preserves(&self) -> bool {
        self.preserve == Some(true) || matches!(self.additional_properties, Some(Additional::Allowed(true)))
    }

    /// Schema of the values of a map.
    pub(super) fn map_values(&self) -> Option<&Props> {
        match &self.additional_properties {
            Some(Additional::Schema(values)) => Some(values),
            Some(Additional::Allowed(_)) | None => None,
        }
    }

    pub(super) fn list_type_of_items(&self) -> ListType {
        match self.list_type.as_deref() {
            Some("map") => ListType::Map(self.list_map_keys.clone()),
            Some("set") => ListType::Set,
            _ => ListType::Atomic,
        }
    }
}
