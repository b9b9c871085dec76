//! Which execution of a task a result is from, as the catalog keeps it: in the metadata of datasets and artifacts.

use crate::proto::core::{Identifier, NodeExecutionIdentifier, TaskExecutionIdentifier, WorkflowExecutionIdentifier};
use crate::proto::datacatalog::Metadata;

const TASK_VERSION: &str = "task-version";
const PROJECT: &str = "exec-project";
const DOMAIN: &str = "exec-domain";
const NAME: &str = "execution-name";
const NODE: &str = "exec-node";
const ATTEMPT: &str = "exec-attempt";

/// What a dataset says of who made it.
pub(super) fn of_dataset(source: &TaskExecutionIdentifier) -> Metadata {
    let version = source.task_id.as_ref().map(|task| task.version.clone()).unwrap_or_default();
    Metadata {
        key_map: [(TASK_VERSION.to_owned(), version)].into(),
    }
}

/// What an artifact says of where it is from.
pub(super) fn of_artifact(source: &TaskExecutionIdentifier) -> Metadata {
    let node = source.node_execution_id.clone().unwrap_or_default();
    let run = node.execution_id.unwrap_or_default();
    let entries = [
        (PROJECT, run.project),
        (DOMAIN, run.domain),
        (NAME, run.name),
        (NODE, node.node_id),
        (ATTEMPT, source.retry_attempt.to_string()),
    ];
    Metadata {
        key_map: entries.map(|(key, value)| (key.to_owned(), value)).into(),
    }
}

/// The execution that an artifact is from, for a task that found it.
pub(super) fn read(dataset: Option<&Metadata>, artifact: Option<&Metadata>, task: &Identifier) -> TaskExecutionIdentifier {
    let of = |metadata: Option<&Metadata>, key: &str, otherwise: &str| {
        let value = metadata.and_then(|metadata| metadata.key_map.get(key));
        value.map_or(otherwise, String::as_str).to_owned()
    };
    TaskExecutionIdentifier {
        task_id: Some(Identifier {
            version: of(dataset, TASK_VERSION, "unknown"),
            ..task.clone()
        }),
        node_execution_id: Some(NodeExecutionIdentifier {
            node_id: of(artifact, NODE, "unknown"),
            execution_id: Some(WorkflowExecutionIdentifier {
                project: of(artifact, PROJECT, &task.project),
                domain: of(artifact, DOMAIN, &task.domain),
                name: of(artifact, NAME, "unknown"),
                org: String::new(),
            }),
        }),
        retry_attempt: of(artifact, ATTEMPT, "0").parse().unwrap_or_default(),
    }
}
