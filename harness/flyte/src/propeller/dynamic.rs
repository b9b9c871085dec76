//! A workflow that a task wrote instead of outputs (`@dynamic`).

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use crate::admin::{flattened, resource_id, workflow};
use crate::crd::{Encoded, Task, WorkflowSpec};
use crate::proto::core::{
    Binding, CompiledTask, CompiledWorkflow, CompiledWorkflowClosure, Identifier, Node, ResourceType, TaskTemplate, TypedInterface,
    WorkflowExecutionIdentifier, WorkflowTemplate,
};

/// What the file `futures.pb` holds: `flyteidl.core.DynamicJobSpec`, which the descriptor set lacks.
#[derive(Clone, PartialEq, Message)]
struct DynamicJobSpec {
    #[prost(message, repeated, tag = "1")]
    nodes: Vec<Node>,
    /// Without effect, as in flytepropeller.
    #[prost(int64, tag = "2")]
    min_successes: i64,
    #[prost(message, repeated, tag = "3")]
    outputs: Vec<Binding>,
    #[prost(message, repeated, tag = "4")]
    tasks: Vec<TaskTemplate>,
    #[prost(message, repeated, tag = "5")]
    sub_workflows: Vec<WorkflowTemplate>,
}

/// The workflow, ready to be run.
#[derive(Debug)]
pub(super) struct Dynamic {
    pub(super) spec: WorkflowSpec,
    /// Tasks by the id that nodes name them with.
    pub(super) tasks: BTreeMap<String, Task>,
    /// Workflows inside it, likewise.
    pub(super) sub_workflows: BTreeMap<String, WorkflowSpec>,
    /// As the control plane is told of it.
    pub(super) closure: CompiledWorkflowClosure,
}

impl Dynamic {
    /// Reads what a node's task wrote.
    ///
    /// # Errors
    /// Why it is no workflow that can be run.
    pub(super) fn read(
        content: Bytes,
        execution: &WorkflowExecutionIdentifier,
        node: &str,
        interface: Option<TypedInterface>,
    ) -> Result<Self, String> {
        let spec = DynamicJobSpec::decode(content).map_err(|error| format!("unable to read futures file, maybe corrupted: {error}"))?;
        let id = Identifier {
            resource_type: ResourceType::Workflow as i32,
            project: execution.project.clone(),
            domain: execution.domain.clone(),
            name: format!("dynamic_{node}"),
            // Flytepropeller draws it; the run's own name serves as well.
            version: execution.name.clone(),
            org: String::new(),
        };
        let template = flattened(WorkflowTemplate {
            id: Some(id.clone()),
            interface,
            nodes: spec.nodes,
            outputs: spec.outputs,
            ..WorkflowTemplate::default()
        });
        let malformed = |error: crate::admin::error::AdminError| format!("malformed dynamic workflow: {}", error.message);
        let inside: Vec<WorkflowTemplate> = spec.sub_workflows.into_iter().map(flattened).collect();
        let mut sub_workflows = BTreeMap::new();
        for template in &inside {
            let id = resource_id(&template.id.clone().unwrap_or_default());
            sub_workflows.insert(id.clone(), workflow(id, template).map_err(malformed)?);
        }
        let tasks = spec.tasks.iter().map(|template| {
            let task = Task {
                kind: template.r#type.clone(),
                template: Encoded(template.clone()),
            };
            (resource_id(&template.id.clone().unwrap_or_default()), task)
        });
        let compiled = |template| CompiledWorkflow {
            template: Some(template),
            connections: None,
        };
        Ok(Self {
            spec: workflow(resource_id(&id), &template).map_err(malformed)?,
            tasks: tasks.collect(),
            sub_workflows,
            closure: CompiledWorkflowClosure {
                primary: Some(compiled(template)),
                sub_workflows: inside.into_iter().map(compiled).collect(),
                tasks: spec
                    .tasks
                    .into_iter()
                    .map(|template| CompiledTask { template: Some(template) })
                    .collect(),
                launch_plans: Vec::new(),
            },
        })
    }
}
