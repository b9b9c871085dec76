//! Steps on Flyte: projects, labels, workflows, executions.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yaml::Spanned;

use super::Fails;

/// A Flyte project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Project {
    /// Its id: lower-case letters, digits and `-`, starting and ending with a letter or digit, at most 63 characters.
    pub id: Spanned<String>,
    /// Its name for people; the id by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Archives the project: it takes no executions any more and its namespaces are not synced.
    #[serde(default)]
    pub archived: bool,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

/// An execution cluster label of a project, a project's domain, or a workflow: from a file of flytectl, or given here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Label {
    /// A file as `flytectl update execution-cluster-label --attrFile` takes it (`domain`, `project`, `workflow`, `value`).
    /// Either this, or `project` with the fields below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attr_file: Option<Spanned<String>>,
    /// The project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Spanned<String>>,
    /// The domain; without it the label is the project's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Spanned<String>>,
    /// The workflow; needs a domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Spanned<String>>,
    /// The label. An empty text is stored as such, and hides the labels of wider scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Spanned<String>>,
    /// Deletes the label instead of setting it. Flyte deletes all narrower ones with it.
    #[serde(default)]
    pub delete: bool,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

/// Workflows to register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Register {
    /// The workflow file, from the scenario's folder.
    pub workflows: Spanned<String>,
    /// The project.
    pub project: Spanned<String>,
    /// The domain.
    pub domain: Spanned<String>,
    /// Version of everything in the file.
    #[serde(default = "first_version")]
    pub version: String,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

fn first_version() -> String {
    "v1".to_owned()
}

/// Executions of one workflow, launch plan or task. Their names decide the draw among weighted clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Submit {
    /// By which later steps refer to these executions: lower-case letters, digits and `-`, unique in the scenario.
    pub id: Spanned<String>,
    /// The workflow, by the launch plan of the same name. Exactly one of `workflow`, `launchPlan` and `task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Spanned<String>>,
    /// The launch plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_plan: Option<Spanned<String>>,
    /// The task, run on its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<Spanned<String>>,
    /// The project.
    pub project: Spanned<String>,
    /// The domain.
    pub domain: Spanned<String>,
    /// The version; by default the one that was registered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Inputs by name. May hold expressions.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// How many executions.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 100_000))]
    pub count: u32,
    /// The executions are named `<namePrefix>-1`, `<namePrefix>-2` and so on. Default: the step's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_prefix: Option<Spanned<String>>,
    /// Names the executions one by one, instead of `count` and `namePrefix`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Spanned<String>>,
    /// Execution cluster label of these executions; wins over stored labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Spanned<String>>,
    /// Starts the executions as children of an earlier one, as a launch plan node does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Kubernetes labels of the executions' objects and pods.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Kubernetes annotations of the executions' objects and pods.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

fn one() -> u32 {
    1
}

impl Submit {
    /// The names of the executions, in order.
    pub fn execution_names(&self) -> Vec<String> {
        if !self.names.is_empty() {
            return self.names.iter().map(|name| name.value.clone()).collect();
        }
        let prefix = self.name_prefix.as_ref().unwrap_or(&self.id);
        (1..=self.count).map(|n| format!("{}-{n}", prefix.value)).collect()
    }
}

/// A node of an earlier execution, which becomes the parent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parent {
    /// The `submit` that started the parent; it must have started one execution.
    pub of: Spanned<String>,
    /// The parent's node, as `n0`. Its node execution must be known to Flyte by then.
    pub node: String,
}

/// Executions to terminate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terminate {
    /// The `submit` that started them.
    pub of: Spanned<String>,
    /// Why, as Flyte stores it.
    #[serde(default = "default_cause")]
    pub cause: String,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

fn default_cause() -> String {
    "terminated by the scenario".to_owned()
}
