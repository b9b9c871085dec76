//! `values.schema.json`: what a chart demands of its values.

use std::path::Path;
use std::sync::Arc;

use boon::{Compiler, OutputError, OutputUnit, SchemaIndex, Schemas};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::template::{from_numbers, to_json};

/// A compiled schema.
#[derive(Clone)]
pub(crate) struct Schema(Arc<(Schemas, SchemaIndex)>);

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Schema")
    }
}

/// The schema's own address, by which nothing is fetched.
const ADDRESS: &str = "file:///values.schema.json";

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// It is not JSON, no schema, or refers to others, which are not fetched.
    pub(super) fn new(path: &Path, text: &str) -> Result<Self, Error> {
        let invalid = |message: String| Error::Chart {
            path: path.to_owned(),
            message,
        };
        let json: Value = serde_json::from_str(text).map_err(|error| invalid(error.to_string()))?;
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.use_loader(Box::new(Nothing));
        compiler.add_resource(ADDRESS, json).map_err(|error| invalid(error.to_string()))?;
        let index = compiler
            .compile(ADDRESS, &mut schemas)
            .map_err(|error| invalid(format!("{error:#}")))?;
        Ok(Self(Arc::new((schemas, index))))
    }

    /// What is wrong with values, one line each, as Helm says it.
    pub(crate) fn faults(&self, values: &Map<String, Value>) -> Vec<String> {
        // Values from YAML are floats here; to Helm's schema, `5` is an integer.
        let values = to_json(&from_numbers(&Value::Object(values.clone()))).unwrap_or_default();
        let Err(error) = self.0.0.validate(&values, self.0.1) else {
            return Vec::new();
        };
        let output = error.basic_output();
        match &output.error {
            OutputError::Branch(units) => units.iter().filter_map(fault).collect(),
            OutputError::Leaf(_) => fault(&output).into_iter().collect(),
        }
    }
}

fn fault(unit: &OutputUnit<'_, '_, '_>) -> Option<String> {
    match &unit.error {
        OutputError::Leaf(kind) => Some(format!("- at '{}': {kind}", unit.instance_location)),
        OutputError::Branch(_) => None,
    }
}

/// Other schemas are not at hand.
struct Nothing;

impl boon::UrlLoader for Nothing {
    fn load(&self, url: &str) -> Result<Value, Box<dyn std::error::Error>> {
        Err(format!("{url} is not fetched").into())
    }
}
