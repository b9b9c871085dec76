//! The JSON schema of scenario files, for editors, and as the one source of help texts.
//!
//! Most of it is made from the types of what is run. What is written once and stands for many (`expand`) is added here, since it is
//! gone when these types are read.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::Scenario;
use crate::expand::{For, Matrix, Shape};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let matrix = reference::<Matrix>(&mut generator);
    let repeat = reference::<For>(&mut generator);
    let shape = generator.root_schema_for::<Shape>().to_value();
    let mut schema = generator.into_root_schema_for::<Scenario>();
    schema.insert("title".to_owned(), "multiplane scenario".into());
    let mut schema = schema.to_value();
    schema["properties"]["matrix"] = matrix;
    let cluster = &mut schema["$defs"]["Cluster"];
    // One that is like another has its role from there.
    cluster["required"] = json!([]);
    if let (Some(fields), Value::Object(more)) = (cluster["properties"].as_object_mut(), &shape["properties"]) {
        fields.extend(more.clone());
    }
    let about = "Repeats steps: once for each value of a list, or for each of some clusters.";
    if let Some(verbs) = schema["$defs"]["Verb"]["oneOf"].as_array_mut() {
        verbs.push(json!({
            "description": about,
            "type": "object",
            "properties": {"for": repeat},
            "additionalProperties": false,
            "required": ["for"],
        }));
    }
    schema
});

static VERBS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let variants = SCHEMA["$defs"]["Verb"]["oneOf"].as_array();
    let names = variants.into_iter().flatten().filter_map(|variant| variant["required"][0].as_str());
    names.map(str::to_owned).collect()
});

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// The schema (JSON Schema 2020-12).
pub fn schema() -> &'static Value {
    &SCHEMA
}

/// The schema as a file: indented, with a final newline. Where a value is no free text, an expression is one, too.
pub fn schema_file() -> String {
    let mut schema = SCHEMA.clone();
    with_expressions(&mut schema);
    schema["$defs"]["Expression"] = json!({
        "description": "An expression, in place of a value.",
        "type": "string",
        "pattern": r"^\$\{\{.*\}\}$",
    });
    format!("{schema:#}\n")
}

/// Allows an expression for every field of a type.
fn with_expressions(node: &mut Value) {
    match node {
        Value::Array(items) => items.iter_mut().for_each(with_expressions),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                with_expressions(value);
                if let (true, Value::Object(properties)) = (name == "properties", value) {
                    properties.values_mut().filter(|field| is_narrow(field)).for_each(or_expression);
                }
            }
        }
        _ => {}
    }
}

/// Whether a text that is an expression is no value of this type.
fn is_narrow(field: &Value) -> bool {
    let of_type = |name: &str| field["type"] == name || field["type"][0] == name;
    ["integer", "number", "boolean", "array"].into_iter().any(of_type)
        || field.get("$ref").is_some()
        || field.get("anyOf").is_some()
        || (of_type("string") && field.get("pattern").is_some())
}

fn or_expression(field: &mut Value) {
    let description = field.as_object_mut().and_then(|fields| fields.remove("description"));
    let default = field.as_object_mut().and_then(|fields| fields.remove("default"));
    let mut either = json!({"anyOf": [field.take(), {"$ref": "#/$defs/Expression"}]});
    for (name, value) in [("description", description), ("default", default)] {
        if let Some(value) = value {
            either[name] = value;
        }
    }
    *field = either;
}

/// The verbs in the order of the documentation.
pub fn verb_names() -> &'static [String] {
    &VERBS
}
