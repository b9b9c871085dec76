//! The object and its top-level keys.

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::Resource;
use serde::{Deserialize, Serialize};

use super::{Encoded, ExecutionConfig, Status, Task, WorkflowSpec};
use crate::proto::core;

/// A run as its data plane sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlyteWorkflow {
    /// `flyte.lyft.com/v1alpha1`.
    #[serde(default = "api_version")]
    pub api_version: String,
    /// `FlyteWorkflow`.
    #[serde(default = "kind")]
    pub kind: String,
    /// Name and namespace of the run, labels, finalizer.
    #[serde(default)]
    pub metadata: ObjectMeta,
    /// The workflow.
    pub spec: WorkflowSpec,
    /// Which run this is.
    pub execution_id: ExecutionId,
    /// Tasks by the id that nodes name them with.
    #[serde(default)]
    pub tasks: BTreeMap<String, Task>,
    /// Workflows inside this run, by the id that nodes name them with.
    #[serde(default)]
    pub sub_workflows: BTreeMap<String, WorkflowSpec>,
    /// The run's inputs.
    #[serde(default)]
    pub inputs: BTreeMap<String, Encoded<core::Literal>>,
    /// When the control plane took the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Time>,
    /// Account of the run's pods; empty for the namespace's default.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service_account_name: String,
    /// Where tasks may write data of their own.
    #[serde(default)]
    pub raw_output_data_config: RawOutputDataConfig,
    /// How the run is to be done.
    #[serde(default)]
    pub execution_config: ExecutionConfig,
    /// Settings that travel with the workflow.
    #[serde(default)]
    pub workflow_meta: WorkflowMeta,
    /// Environment variables for every task.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Progress, written by the data plane.
    #[serde(default)]
    pub status: Status,
}

/// Which run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExecutionId {
    /// Project.
    pub project: String,
    /// Domain.
    pub domain: String,
    /// Name of the run.
    pub name: String,
}

/// Where tasks may write data of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawOutputDataConfig {
    /// Prefix of URIs; empty for the data plane's own setting.
    #[serde(default, rename = "outputLocationPrefix")]
    pub output_location_prefix: String,
}

/// Settings that travel with the workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowMeta {
    /// Version of events.
    #[serde(default, rename = "eventVersion")]
    pub event_version: i64,
}

fn api_version() -> String {
    "flyte.lyft.com/v1alpha1".to_owned()
}

fn kind() -> String {
    "FlyteWorkflow".to_owned()
}

impl FlyteWorkflow {
    /// An object of the right kind with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self {
            api_version: api_version(),
            kind: kind(),
            ..Self::default()
        }
    }

    /// Namespace and name.
    #[must_use]
    pub fn key(&self) -> (String, String) {
        (
            self.metadata.namespace.clone().unwrap_or_default(),
            self.metadata.name.clone().unwrap_or_default(),
        )
    }
}

impl Resource for FlyteWorkflow {
    type DynamicType = ();
    type Scope = kube::core::NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "FlyteWorkflow".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "flyte.lyft.com".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1alpha1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "flyteworkflows".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
