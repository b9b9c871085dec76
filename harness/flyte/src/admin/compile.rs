//! Compiling a workflow: every reference is resolved, every binding leads to a node that exists.

use std::collections::{BTreeMap, BTreeSet};

use tonic::Code;

use super::error::AdminError;
use super::node::{branches_mut, inner};
use crate::proto::core::binding_data::Value as Bound;
use crate::proto::core::node::Target;
use crate::proto::core::task_node::Reference as TaskReference;
use crate::proto::core::workflow_node::Reference as WorkflowReference;
use crate::proto::core::{
    BindingData, CompiledLaunchPlan, CompiledTask, CompiledWorkflow, CompiledWorkflowClosure, Identifier, LaunchPlanTemplate, Node,
    TypedInterface, WorkflowTemplate,
};
use crate::stores::{EntityKey, Tables};

/// Nodes that Flyte's compiler adds; they carry no work.
const ENDS: [&str; 2] = ["start-node", "end-node"];

/// Compiles a workflow with the sub-workflows sent along.
///
/// # Errors
/// `InvalidArgument` for a reference to nothing, `Unimplemented` for kinds of nodes that this control plane lacks.
pub(crate) fn closure(
    tables: &Tables,
    template: WorkflowTemplate,
    sub_workflows: Vec<WorkflowTemplate>,
) -> Result<CompiledWorkflowClosure, AdminError> {
    let template = flattened(template);
    let sub_workflows: Vec<WorkflowTemplate> = sub_workflows.into_iter().map(flattened).collect();
    let mut compiler = Compiler {
        tables,
        sub_workflows: sub_workflows
            .iter()
            .filter_map(|template| template.id.as_ref().map(EntityKey::from))
            .collect(),
        tasks: BTreeMap::new(),
        launch_plans: BTreeMap::new(),
    };
    for template in std::iter::once(&template).chain(&sub_workflows) {
        compiler.check(template)?;
    }
    let compiled = |template| CompiledWorkflow {
        template: Some(template),
        connections: None,
    };
    Ok(CompiledWorkflowClosure {
        primary: Some(compiled(template)),
        sub_workflows: sub_workflows.into_iter().map(compiled).collect(),
        tasks: compiler.tasks.into_values().collect(),
        launch_plans: compiler.launch_plans.into_values().collect(),
    })
}

struct Compiler<'a> {
    tables: &'a Tables,
    sub_workflows: BTreeSet<EntityKey>,
    tasks: BTreeMap<EntityKey, CompiledTask>,
    launch_plans: BTreeMap<EntityKey, CompiledLaunchPlan>,
}

impl Compiler<'_> {
    fn check(&mut self, template: &WorkflowTemplate) -> Result<(), AdminError> {
        let mut ids = BTreeSet::from(ENDS);
        for node in &template.nodes {
            if !ids.insert(&node.id) && !ENDS.contains(&node.id.as_str()) {
                return Err(failed(&format!("duplicate node id [{}]", node.id)));
            }
        }
        for node in &template.nodes {
            if !ENDS.contains(&node.id.as_str()) {
                self.node(node)?;
            }
            let upstream = node.upstream_node_ids.iter().map(String::as_str);
            let bound = node.inputs.iter().flat_map(|binding| promises(binding.binding.as_ref()));
            known(&ids, upstream.chain(bound), &node.id)?;
        }
        if let Some(node) = &template.failure_node {
            self.node(node)?;
        }
        let outputs = template.outputs.iter();
        let bound = outputs.flat_map(|binding| promises(binding.binding.as_ref()));
        known(&ids, bound, "end-node")
    }

    fn node(&mut self, node: &Node) -> Result<(), AdminError> {
        let unsupported = |what: &str| {
            Err(AdminError::new(
                Code::Unimplemented,
                format!("node [{}]: {what} nodes are not implemented", node.id),
            ))
        };
        match &node.target {
            Some(Target::TaskNode(task)) => match &task.reference {
                Some(TaskReference::ReferenceId(id)) => self.task(id),
                None => Err(failed(&format!("node [{}]: no task", node.id))),
            },
            Some(Target::WorkflowNode(workflow)) => match &workflow.reference {
                Some(WorkflowReference::LaunchplanRef(id)) => self.launch_plan(id),
                Some(WorkflowReference::SubWorkflowRef(id)) => {
                    if self.sub_workflows.contains(&EntityKey::from(id)) {
                        Ok(())
                    } else {
                        Err(failed(&format!("workflow [{}] not found", id.name)))
                    }
                }
                None => Err(failed(&format!("node [{}]: no workflow", node.id))),
            },
            Some(Target::BranchNode(_)) if inner(node).is_empty() => Err(failed(&format!("node [{}]: no branches", node.id))),
            Some(Target::BranchNode(_)) => Ok(()),
            Some(Target::GateNode(gate)) => match gate.condition {
                Some(_) => Ok(()),
                None => Err(failed(&format!("node [{}]: no condition to wait for", node.id))),
            },
            Some(Target::ArrayNode(array)) => match array.node.as_deref() {
                Some(inner) if is_task_or_plan(inner) => self.node(inner),
                Some(_) => unsupported("arrays of other than task and launch plan"),
                None => Err(failed(&format!("node [{}]: nothing to repeat", node.id))),
            },
            None => Err(failed(&format!("node [{}] has no target", node.id))),
        }
    }

    fn task(&mut self, id: &Identifier) -> Result<(), AdminError> {
        let key = EntityKey::from(id);
        let task = self
            .tables
            .tasks
            .get(&key)
            .and_then(|task| task.closure.as_ref()?.compiled_task.clone())
            .ok_or_else(|| failed(&format!("task [{}:{}] not found", id.name, id.version)))?;
        self.tasks.insert(key, task);
        Ok(())
    }

    fn launch_plan(&mut self, id: &Identifier) -> Result<(), AdminError> {
        let key = EntityKey::from(id);
        let plan = self
            .tables
            .launch_plans
            .get(&key)
            .ok_or_else(|| failed(&format!("launch plan [{}:{}] not found", id.name, id.version)))?;
        let outputs = plan.closure.as_ref().and_then(|closure| closure.expected_outputs.clone());
        let template = LaunchPlanTemplate {
            id: Some(id.clone()),
            interface: Some(TypedInterface { inputs: None, outputs }),
            fixed_inputs: plan.spec.as_ref().and_then(|spec| spec.fixed_inputs.clone()),
        };
        let compiled = CompiledLaunchPlan { template: Some(template) };
        self.launch_plans.insert(key, compiled);
        Ok(())
    }
}

/// The workflow with the nodes inside of branches among its own, as flytepropeller's compiler leaves it: they bear the branch's id before theirs.
pub(crate) fn flattened(mut template: WorkflowTemplate) -> WorkflowTemplate {
    let mut inside = Vec::new();
    for node in &mut template.nodes {
        named_by_branch(node, &mut inside);
    }
    template.nodes.extend(inside);
    template
}

fn named_by_branch(node: &mut Node, found: &mut Vec<Node>) {
    let id = node.id.clone();
    for child in branches_mut(node) {
        child.id = format!("{id}-{}", child.id);
        named_by_branch(child, found);
        found.push(child.clone());
    }
}

fn is_task_or_plan(node: &Node) -> bool {
    match &node.target {
        Some(Target::TaskNode(_)) => true,
        Some(Target::WorkflowNode(workflow)) => matches!(workflow.reference, Some(WorkflowReference::LaunchplanRef(_))),
        _ => false,
    }
}

fn known<'a>(ids: &BTreeSet<&str>, named: impl Iterator<Item = &'a str>, by: &str) -> Result<(), AdminError> {
    for id in named {
        // A promise of no node stands for an input of the workflow.
        if !id.is_empty() && !ids.contains(id) {
            return Err(failed(&format!("node [{by}] refers to unknown node [{id}]")));
        }
    }
    Ok(())
}

/// The nodes that a binding takes values from.
pub(crate) fn promises(data: Option<&BindingData>) -> Vec<&str> {
    match data.and_then(|data| data.value.as_ref()) {
        Some(Bound::Promise(promise)) => vec![&promise.node_id],
        Some(Bound::Collection(items)) => items.bindings.iter().flat_map(|item| promises(Some(item))).collect(),
        Some(Bound::Map(map)) => map.bindings.values().flat_map(|item| promises(Some(item))).collect(),
        Some(Bound::Scalar(_) | Bound::OffloadedMetadata(_)) | None => Vec::new(),
    }
}

fn failed(reason: &str) -> AdminError {
    AdminError::invalid(format!("failed to compile workflow with err {reason}"))
}
