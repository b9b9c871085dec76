//! What is to be placed.

use serde::Serialize;

use super::AttributeKey;

/// An execution to place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Project of the execution (not of the launch plan).
    pub project: String,
    /// Domain of the execution.
    pub domain: String,
    /// Name of the workflow; for a single task see [`single_task_workflow`].
    pub workflow: String,
    /// Name of the execution: the only seed of the draw.
    pub name: String,
    /// The request's own execution cluster label. An empty one counts as none.
    pub label: Option<String>,
    /// The label in the spec of the parent run, if a node of a run launched this one. It replaces the request's own,
    /// even when it is empty.
    pub parent_label: Option<String>,
}

impl Request {
    /// The key under which stored labels are looked up. flyteadmin puts the workflow's name into the place of the
    /// launch plan's.
    #[must_use]
    pub fn attribute_key(&self) -> AttributeKey {
        AttributeKey::new(&self.project, &self.domain, &self.workflow, &self.workflow)
    }
}

/// The workflow that flyteadmin makes up for an execution of a single task.
#[must_use]
pub fn single_task_workflow(task: &str) -> String {
    format!(".flytegen.{task}")
}
