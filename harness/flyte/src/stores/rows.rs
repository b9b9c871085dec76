//! The rows of flyteadmin's and datacatalog's tables. Closures are kept as the messages that the API answers with.

use serde::{Deserialize, Serialize};

use super::DatabaseError;
use super::backing::StoredRow;
use super::table::Table;
use crate::proto::{admin, core, datacatalog};

/// Key of a task, workflow or launch plan, and of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct EntityKey {
    pub(crate) project: String,
    pub(crate) domain: String,
    pub(crate) name: String,
    pub(crate) version: String,
}

impl From<&core::Identifier> for EntityKey {
    fn from(id: &core::Identifier) -> Self {
        Self {
            project: id.project.clone(),
            domain: id.domain.clone(),
            name: id.name.clone(),
            version: id.version.clone(),
        }
    }
}

/// Key of an execution. The name alone is not unique across projects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ExecutionKey {
    pub(crate) project: String,
    pub(crate) domain: String,
    pub(crate) name: String,
}

impl From<&core::WorkflowExecutionIdentifier> for ExecutionKey {
    fn from(id: &core::WorkflowExecutionIdentifier) -> Self {
        Self {
            project: id.project.clone(),
            domain: id.domain.clone(),
            name: id.name.clone(),
        }
    }
}

impl ExecutionKey {
    pub(crate) fn id(&self) -> core::WorkflowExecutionIdentifier {
        core::WorkflowExecutionIdentifier {
            project: self.project.clone(),
            domain: self.domain.clone(),
            name: self.name.clone(),
            org: String::new(),
        }
    }
}

/// A run.
#[derive(Clone, Debug)]
pub(crate) struct ExecutionRow {
    pub(crate) spec: admin::ExecutionSpec,
    pub(crate) closure: admin::ExecutionClosure,
    /// The `clusterConfigs` name; empty in single-cluster mode and if creation failed.
    pub(crate) cluster: String,
    /// Where the inputs were uploaded.
    pub(crate) inputs_uri: String,
    /// Where propeller says that the outputs are; empty until then.
    pub(crate) outputs_uri: String,
}

/// Key of a node execution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct NodeKey {
    pub(crate) execution: ExecutionKey,
    pub(crate) node: String,
}

/// A node of a run.
#[derive(Clone, Debug)]
pub(crate) struct NodeRow {
    pub(crate) message: admin::NodeExecution,
    /// The node that this one belongs to; empty at the top.
    pub(crate) parent: String,
    pub(crate) outputs_uri: String,
    /// The workflow that the node's task wrote.
    pub(crate) dynamic: Option<admin::DynamicWorkflowNodeMetadata>,
}

/// Key of one attempt of a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct TaskKey {
    pub(crate) node: NodeKey,
    pub(crate) task: EntityKey,
    pub(crate) attempt: u32,
}

/// One attempt of a task.
#[derive(Clone, Debug)]
pub(crate) struct TaskRow {
    pub(crate) message: admin::TaskExecution,
    pub(crate) outputs_uri: String,
    /// Of the phase: a running task may tell of itself several times.
    pub(crate) version: u32,
}

/// Key of a stored attribute. Empty fields mean a level further up; flyteadmin's own key has a launch
/// plan too, which no call can set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct AttributeKey {
    pub(crate) project: String,
    pub(crate) domain: String,
    pub(crate) workflow: String,
    /// A value of [`admin::MatchableResource`].
    pub(crate) resource: i32,
}

/// Key of a signal of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct SignalKey {
    pub(crate) execution: ExecutionKey,
    pub(crate) signal: String,
}

impl From<&datacatalog::DatasetId> for EntityKey {
    fn from(id: &datacatalog::DatasetId) -> Self {
        Self {
            project: id.project.clone(),
            domain: id.domain.clone(),
            name: id.name.clone(),
            version: id.version.clone(),
        }
    }
}

/// Key of an artifact, a tag or a reservation: its dataset, and an id or name that is unique in there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct InDataset {
    pub(crate) dataset: EntityKey,
    pub(crate) name: String,
}

/// All tables of one database: flyteadmin's, and datacatalog's, which may share it.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) projects: Table<String, admin::Project>,
    pub(crate) tasks: Table<EntityKey, admin::Task>,
    pub(crate) workflows: Table<EntityKey, admin::Workflow>,
    pub(crate) launch_plans: Table<EntityKey, admin::LaunchPlan>,
    pub(crate) attributes: Table<AttributeKey, admin::MatchingAttributes>,
    pub(crate) executions: Table<ExecutionKey, ExecutionRow>,
    pub(crate) nodes: Table<NodeKey, NodeRow>,
    pub(crate) task_executions: Table<TaskKey, TaskRow>,
    pub(crate) signals: Table<SignalKey, admin::Signal>,
    pub(crate) datasets: Table<EntityKey, datacatalog::Dataset>,
    /// Their data is in the object store; here it has names only.
    pub(crate) artifacts: Table<InDataset, datacatalog::Artifact>,
    pub(crate) tags: Table<InDataset, datacatalog::Tag>,
    pub(crate) reservations: Table<InDataset, datacatalog::Reservation>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            projects: Table::new("projects"),
            tasks: Table::new("tasks"),
            workflows: Table::new("workflows"),
            launch_plans: Table::new("launch_plans"),
            attributes: Table::new("resources"),
            executions: Table::new("executions"),
            nodes: Table::new("node_executions"),
            task_executions: Table::new("task_executions"),
            signals: Table::new("signals"),
            datasets: Table::new("datasets"),
            artifacts: Table::new("artifacts"),
            tags: Table::new("tags"),
            reservations: Table::new("reservations"),
        }
    }
}

impl Tables {
    /// Tables that remember what changes.
    pub(crate) fn tracked() -> Self {
        let Self {
            projects,
            tasks,
            workflows,
            launch_plans,
            attributes,
            executions,
            nodes,
            task_executions,
            signals,
            datasets,
            artifacts,
            tags,
            reservations,
        } = Self::default();
        Self {
            projects: projects.tracked(),
            tasks: tasks.tracked(),
            workflows: workflows.tracked(),
            launch_plans: launch_plans.tracked(),
            attributes: attributes.tracked(),
            executions: executions.tracked(),
            nodes: nodes.tracked(),
            task_executions: task_executions.tracked(),
            signals: signals.tracked(),
            datasets: datasets.tracked(),
            artifacts: artifacts.tracked(),
            tags: tags.tracked(),
            reservations: reservations.tracked(),
        }
    }

    /// What changed since the last call.
    pub(crate) fn take_changes(&mut self) -> Vec<StoredRow> {
        let mut rows = Vec::new();
        self.projects.take_changes(&mut rows);
        self.tasks.take_changes(&mut rows);
        self.workflows.take_changes(&mut rows);
        self.launch_plans.take_changes(&mut rows);
        self.attributes.take_changes(&mut rows);
        self.executions.take_changes(&mut rows);
        self.nodes.take_changes(&mut rows);
        self.task_executions.take_changes(&mut rows);
        self.signals.take_changes(&mut rows);
        self.datasets.take_changes(&mut rows);
        self.artifacts.take_changes(&mut rows);
        self.tags.take_changes(&mut rows);
        self.reservations.take_changes(&mut rows);
        rows
    }

    /// Takes over a row that somebody else wrote.
    pub(crate) fn apply(&mut self, row: &StoredRow) -> Result<(), DatabaseError> {
        let known = self.projects.apply(row)?
            || self.tasks.apply(row)?
            || self.workflows.apply(row)?
            || self.launch_plans.apply(row)?
            || self.attributes.apply(row)?
            || self.executions.apply(row)?
            || self.nodes.apply(row)?
            || self.task_executions.apply(row)?
            || self.signals.apply(row)?
            || self.datasets.apply(row)?
            || self.artifacts.apply(row)?
            || self.tags.apply(row)?
            || self.reservations.apply(row)?;
        if known {
            Ok(())
        } else {
            Err(DatabaseError::Unavailable(format!("there is no table {:?}", row.table)))
        }
    }
}
