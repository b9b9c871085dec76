//! Runs of one task: flyteadmin makes up a workflow with one node, and a launch plan for it.

use tonic::Code;

use super::error::AdminError;
use super::state::Admin;
use crate::placement::single_task_workflow;
use crate::proto::admin::{LaunchPlan, LaunchPlanCreateRequest, LaunchPlanSpec};
use crate::proto::admin::{WorkflowCreateRequest, WorkflowSpec};
use crate::proto::core::binding_data::Value;
use crate::proto::core::node::Target;
use crate::proto::core::task_node::Reference;
use crate::proto::core::{
    Binding, BindingData, Identifier, Node, NodeMetadata, OutputReference, ResourceType, TaskNode, TypedInterface, WorkflowTemplate,
};

/// The launch plan for a task, registered when first asked for.
pub(crate) fn launch_plan(admin: &Admin, task: &Identifier) -> Result<LaunchPlan, AdminError> {
    let row = admin.task(Some(task))?;
    let interface = row
        .closure
        .and_then(|closure| closure.compiled_task?.template?.interface)
        .unwrap_or_default();
    let named = |kind: ResourceType| Identifier {
        resource_type: kind as i32,
        name: single_task_workflow(&task.name),
        ..task.clone()
    };
    let (workflow, plan) = (named(ResourceType::Workflow), named(ResourceType::LaunchPlan));
    ignore_existing(admin.create_workflow(WorkflowCreateRequest {
        id: Some(workflow.clone()),
        spec: Some(WorkflowSpec {
            template: Some(template(task, interface)),
            ..WorkflowSpec::default()
        }),
    }))?;
    ignore_existing(admin.create_launch_plan(LaunchPlanCreateRequest {
        id: Some(plan.clone()),
        spec: Some(LaunchPlanSpec {
            workflow_id: Some(workflow),
            ..LaunchPlanSpec::default()
        }),
    }))?;
    admin.launch_plan(Some(&plan))
}

fn ignore_existing(result: Result<(), AdminError>) -> Result<(), AdminError> {
    match result {
        Err(error) if error.code == Code::AlreadyExists => Ok(()),
        other => other,
    }
}

fn template(task: &Identifier, interface: TypedInterface) -> WorkflowTemplate {
    let node = super::object::label_value(task.name.rsplit('.').next().unwrap_or(&task.name));
    let bind = |var: &String, node: &str| Binding {
        var: var.clone(),
        binding: Some(BindingData {
            value: Some(Value::Promise(OutputReference {
                node_id: node.to_owned(),
                var: var.clone(),
                ..OutputReference::default()
            })),
            ..BindingData::default()
        }),
    };
    let inputs = interface.inputs.clone().unwrap_or_default().variables;
    let outputs = interface.outputs.clone().unwrap_or_default().variables;
    WorkflowTemplate {
        interface: Some(interface),
        outputs: outputs.keys().map(|var| bind(var, &node)).collect(),
        nodes: vec![Node {
            id: node.clone(),
            metadata: Some(NodeMetadata {
                name: node,
                ..NodeMetadata::default()
            }),
            inputs: inputs.keys().map(|var| bind(var, "")).collect(),
            target: Some(Target::TaskNode(TaskNode {
                reference: Some(Reference::ReferenceId(task.clone())),
                ..TaskNode::default()
            })),
            ..Node::default()
        }],
        ..WorkflowTemplate::default()
    }
}
