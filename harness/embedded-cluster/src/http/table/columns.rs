//! Which columns a kind has: data for built-in kinds (`data/kubernetes-1.36/columns.json`), the definition's for custom ones.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::crd::Column;
use crate::data;
use crate::kinds::Kind;
use crate::value::{Value, json};

#[derive(Default, Deserialize)]
struct Document {
    /// Of columns that are the same everywhere, by name.
    descriptions: BTreeMap<String, String>,
    /// By `plural.group`; those of kinds that have none of their own under the empty name.
    columns: BTreeMap<String, Vec<Known>>,
}

#[derive(Deserialize)]
struct Known {
    name: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    priority: i64,
    #[serde(default)]
    description: Option<String>,
}

static BUILTIN: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let document: Document = serde_json::from_str(data::COLUMNS).unwrap_or_default();
    let definition = |column: &Known| {
        let name = if column.name == "Name" { "name" } else { "" };
        json!({
            "name": column.name,
            "type": column.kind.as_deref().unwrap_or("string"),
            "format": column.format.as_deref().unwrap_or(name),
            "priority": column.priority,
            "description": column.description.as_ref().or_else(|| document.descriptions.get(&column.name)),
        })
    };
    let of_kind = |(kind, columns): (&String, &Vec<Known>)| (kind.clone(), columns.iter().map(definition).collect());
    document.columns.iter().map(of_kind).collect()
});

/// Whether a built-in kind has columns of its own.
pub(super) fn has_own(kind: &Kind) -> bool {
    BUILTIN.contains_key(&id(kind))
}

/// The definitions of a kind's columns.
pub(super) fn definitions(kind: &Kind) -> Value {
    match &kind.custom {
        None => BUILTIN.get(&id(kind)).or_else(|| BUILTIN.get("")).cloned().unwrap_or_default(),
        Some(version) => {
            let name = BUILTIN.get("").map_or(Value::Null, |columns| columns[0].clone());
            std::iter::once(name).chain(version.columns.iter().map(custom)).collect()
        }
    }
}

fn custom(column: &Column) -> Value {
    let created = || BUILTIN.get("").map_or(Value::Null, |columns| columns[1]["description"].clone());
    let description = match column.description.as_str() {
        "" if column.path.source() == Column::CREATED => created(),
        "" => format!("Custom resource definition column (in JSONPath format): {}", column.path.source()).into(),
        text => text.into(),
    };
    json!({
        "name": column.name, "type": column.kind, "format": column.format, "priority": column.priority, "description": description,
    })
}

fn id(kind: &Kind) -> String {
    match kind.resource.group() {
        "" => kind.resource.plural().to_owned(),
        group => format!("{}.{group}", kind.resource.plural()),
    }
}
