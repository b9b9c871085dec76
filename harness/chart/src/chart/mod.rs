//! A chart as loaded from its folder.

mod archive;
mod ignore;
mod load;
mod metadata;
mod schema;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use metadata::Metadata;
pub(crate) use schema::Schema;

/// A chart: metadata, default values, templates, files and subcharts.
#[derive(Clone, Debug)]
pub struct Chart {
    pub(crate) metadata: Metadata,
    pub(crate) values: Value,
    /// `values.yaml` as written, for release records.
    pub(crate) values_text: String,
    pub(crate) schema: Option<Schema>,
    pub(crate) templates: Vec<ChartFile>,
    pub(crate) crds: Vec<ChartFile>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) subcharts: Vec<Chart>,
}

/// A text file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFile {
    /// Path inside the chart, as `templates/service.yaml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Chart {
    /// The chart's name.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// The chart's version.
    pub fn version(&self) -> &str {
        &self.metadata.version
    }

    /// The values that the chart itself brings, without those of subcharts.
    pub fn defaults(&self) -> &Value {
        &self.values
    }

    /// The version of what the chart deploys, empty if it says none.
    pub fn app_version(&self) -> &str {
        &self.metadata.app_version
    }
}
