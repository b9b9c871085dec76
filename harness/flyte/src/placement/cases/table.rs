//! The table's form.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use yaml::scalar::Rules;

use crate::placement::{AttributeKey, AttributeRow, Cluster, ClusterConfig, WeightedCluster};

/// A table of cases.
#[derive(Debug, Deserialize)]
pub struct CaseTable {
    format: String,
    #[serde(default)]
    pub(super) cluster_configs: BTreeMap<String, CaseConfig>,
    #[serde(default)]
    pub(super) rng_vectors: Vec<RngVector>,
    #[serde(default)]
    pub(super) name_vectors: NameVectors,
    #[serde(default)]
    pub(super) cases: Vec<Case>,
}

/// The table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Not YAML.
    #[error(transparent)]
    Yaml(#[from] yaml::Error),
    /// Its content has another form.
    #[error("not a table of placement cases: {0}")]
    Form(#[from] serde_json::Error),
    /// Another format.
    #[error("format {0:?} is not known; expected \"{FORMAT}\"")]
    Format(String),
}

const FORMAT: &str = "flyte-placement-cases/1";

impl CaseTable {
    /// Reads a table.
    ///
    /// # Errors
    /// The text is not YAML, or not a table of this format.
    pub fn from_yaml(text: &str) -> Result<Self, TableError> {
        let root = yaml::tree::parse(text)?;
        let value = root.map_or(Ok(Value::Null), |root| root.to_json(Rules::Core))?;
        let table: Self = serde_json::from_value(value)?;
        if table.format == FORMAT {
            Ok(table)
        } else {
            Err(TableError::Format(table.format))
        }
    }
}

/// One case. Its own fields depend on the kind.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) kind: String,
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) expect: Map<String, Value>,
    #[serde(flatten)]
    pub(super) fields: Map<String, Value>,
}

/// A configuration as the process sees it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseConfig {
    clusters: Vec<CaseCluster>,
    #[serde(default)]
    label_cluster_map: BTreeMap<String, Vec<CaseEntry>>,
    #[serde(default)]
    default_execution_label: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseCluster {
    name: String,
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    in_cluster: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseEntry {
    id: String,
    #[serde(default)]
    weight: f64,
}

impl From<&CaseConfig> for ClusterConfig {
    fn from(config: &CaseConfig) -> Self {
        let cluster = |cluster: &CaseCluster| Cluster {
            name: cluster.name.clone(),
            enabled: cluster.enabled,
            in_cluster: cluster.in_cluster,
            ..Cluster::default()
        };
        let entry = |entry: &CaseEntry| WeightedCluster {
            id: entry.id.clone(),
            weight: entry.weight as f32,
        };
        Self {
            clusters: config.clusters.iter().map(cluster).collect(),
            label_cluster_map: config
                .label_cluster_map
                .iter()
                .map(|(label, entries)| (label.clone(), entries.iter().map(entry).collect()))
                .collect(),
            default_execution_label: config.default_execution_label.clone(),
        }
    }
}

/// A stored row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseRow {
    #[serde(default)]
    project: String,
    #[serde(default)]
    domain: String,
    #[serde(default)]
    workflow: String,
    #[serde(default)]
    launch_plan: String,
    label: String,
}

impl From<CaseRow> for AttributeRow {
    fn from(row: CaseRow) -> Self {
        Self {
            key: AttributeKey::new(&row.project, &row.domain, &row.workflow, &row.launch_plan),
            label: row.label,
        }
    }
}

/// What a `place` case submits.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CaseRequest {
    pub(super) project: String,
    pub(super) domain: String,
    pub(super) name: String,
    pub(super) workflow: String,
    pub(super) entity: Option<String>,
    pub(super) task: String,
    /// Plays no part: flyteadmin looks rows up under the workflow's name.
    #[serde(rename = "launch_plan")]
    _launch_plan: Option<String>,
    pub(super) label: Option<String>,
    pub(super) parent: Option<CaseParent>,
}

/// The run whose node launched this one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseParent {
    pub(super) label: Option<String>,
}

/// One draw, step by step.
#[derive(Debug, Deserialize)]
pub(super) struct RngVector {
    pub(super) name: String,
    pub(super) fnv1a64: String,
    pub(super) seed_mod: i64,
    pub(super) float32_bits: String,
}

/// Derived names.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NameVectors {
    pub(super) pod_name: Vec<PodVector>,
    pub(super) child_execution_name: Vec<ChildVector>,
    pub(super) shard_key: Vec<ShardVector>,
    pub(super) namespace: Vec<NamespaceVector>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PodVector {
    pub(super) execution: String,
    pub(super) node: String,
    pub(super) attempt: u32,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChildVector {
    pub(super) parent: String,
    pub(super) node: String,
    pub(super) attempt: u32,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct ShardVector {
    pub(super) execution: String,
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct NamespaceVector {
    pub(super) template: String,
    pub(super) project: String,
    pub(super) domain: String,
    pub(super) name: String,
}
