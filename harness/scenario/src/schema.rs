//! The JSON schema of scenario files, for editors, and as the one source of help texts.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::Scenario;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Scenario>();
    schema.insert("title".to_owned(), "multiplane scenario".into());
    schema.to_value()
});

static VERBS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let variants = SCHEMA["$defs"]["Verb"]["oneOf"].as_array();
    let names = variants.into_iter().flatten().filter_map(|variant| variant["required"][0].as_str());
    names.map(str::to_owned).collect()
});

/// The schema (JSON Schema 2020-12).
pub fn schema() -> &'static Value {
    &SCHEMA
}

/// The schema as a file: indented, with a final newline.
pub fn schema_file() -> String {
    format!("{:#}\n", *SCHEMA)
}

/// The verbs in the order of the documentation.
pub fn verb_names() -> &'static [String] {
    &VERBS
}
