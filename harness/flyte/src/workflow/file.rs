//! The format.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use yaml::Spanned;

use super::{Type, WorkflowFileError};
use crate::placement::GoDuration;

/// A workflow file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkflowFile {
    /// The format's version.
    pub api_version: ApiVersion,
    /// What the file is.
    pub kind: Kind,
    /// Tasks by name.
    #[serde(default)]
    pub tasks: IndexMap<String, Task>,
    /// Workflows by name.
    #[serde(default)]
    pub workflows: IndexMap<String, Workflow>,
    /// Launch plans besides those that every workflow has, by name.
    #[serde(default)]
    pub launch_plans: IndexMap<String, LaunchPlan>,
}

/// The format's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum ApiVersion {
    /// The present one.
    #[serde(rename = "multiplane.dev/v1alpha1")]
    V1Alpha1,
}

/// What the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Kind {
    /// A workflow file.
    Workflows,
}

/// A task: one pod for each attempt.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Task {
    /// Inputs by name.
    #[serde(default)]
    pub inputs: BTreeMap<String, Type>,
    /// Outputs by name.
    #[serde(default)]
    pub outputs: BTreeMap<String, Spanned<Output>>,
    /// How long an attempt takes, e.g. `30s`.
    #[serde(default, deserialize_with = "duration")]
    pub duration: GoDuration,
    /// How the container ends; anything but 0 fails the attempt.
    #[serde(default)]
    pub exit_code: i32,
    /// Attempts, from the first, that end with code 1 whatever `exitCode` says.
    #[serde(default)]
    pub failures: u32,
    /// Further attempts after a failed one.
    #[serde(default)]
    pub retries: u32,
    /// Its results are kept, and used again for equal inputs.
    #[serde(default)]
    pub cache: Option<Cache>,
    /// The container's image, whose program must take the same arguments.
    #[serde(default)]
    pub image: Option<String>,
    /// CPU that the container asks for, as Kubernetes writes it.
    #[serde(default)]
    pub cpu: Option<String>,
    /// Memory that the container asks for.
    #[serde(default)]
    pub memory: Option<String>,
}

/// How a task's results are kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Results of other versions are not used.
    pub version: Spanned<String>,
    /// One at a time computes a result that several executions want.
    #[serde(default)]
    pub serializable: bool,
}

/// An output and the value that the task hands back.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Its value.
    pub value: Value,
}

/// A workflow.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workflow {
    /// Inputs by name.
    #[serde(default)]
    pub inputs: BTreeMap<String, Type>,
    /// Nodes by id.
    pub nodes: IndexMap<String, Spanned<Node>>,
    /// Where outputs come from, by name.
    #[serde(default)]
    pub outputs: BTreeMap<String, Spanned<Source>>,
}

/// A node. Exactly one of `task`, `workflow` and `launchPlan`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Node {
    /// Runs a task of this file.
    #[serde(default)]
    pub task: Option<Spanned<String>>,
    /// Runs a workflow of this file inside the same execution.
    #[serde(default)]
    pub workflow: Option<Spanned<String>>,
    /// Runs a launch plan of this file as an execution of its own, which is placed on its own.
    #[serde(default)]
    pub launch_plan: Option<Spanned<String>>,
    /// Where inputs come from, by name.
    #[serde(default)]
    pub inputs: BTreeMap<String, Spanned<Source>>,
    /// Nodes that must have succeeded before, besides those that inputs come from.
    #[serde(default)]
    pub after: Vec<Spanned<String>>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// An input of the workflow.
    Input(String),
    /// An output of a node, as `<node>.<output>`.
    Node(String),
    /// The value itself.
    Value(Value),
}

/// A launch plan.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LaunchPlan {
    /// The workflow.
    pub workflow: Spanned<String>,
    /// Inputs that a run may leave out.
    #[serde(default)]
    pub default_inputs: BTreeMap<String, Spanned<Value>>,
    /// Inputs that a run cannot change.
    #[serde(default)]
    pub fixed_inputs: BTreeMap<String, Spanned<Value>>,
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GoDuration, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

impl WorkflowFile {
    /// Reads a workflow file. References are checked by [`WorkflowFile::registrations`].
    ///
    /// # Errors
    /// [`WorkflowFileError::Yaml`] if it is not of this form.
    pub fn parse(text: &str) -> Result<Self, WorkflowFileError> {
        Ok(yaml::strict::from_str(text)?)
    }
}
