//! One node of a compiled workflow, as the object holds it.

use super::compile::promises;
use super::error::AdminError;
use crate::crd::{Array, Branch, CacheOverride, Case, Encoded, ExecutionId, Gate, Node, NodeTarget, Succeeds};
use crate::proto::core::array_node::{DataMode, ParallelismOption, SuccessCriteria};
use crate::proto::core::gate_node::Condition;
use crate::proto::core::if_else_block::Default as Otherwise;
use crate::proto::core::node::Target;
use crate::proto::core::node_metadata::{CacheSerializableValue, CacheVersionValue, CacheableValue, InterruptibleValue};
use crate::proto::core::task_node::Reference as TaskReference;
use crate::proto::core::workflow_node::Reference as WorkflowReference;
use crate::proto::core::{ArrayNode, BranchNode, GateNode, Identifier, IfBlock, IfElseBlock, Node as ProtoNode};

/// The node.
///
/// # Errors
/// `Internal` if it lacks a part, which compilation rules out.
pub(crate) fn node(node: &ProtoNode) -> Result<Node, AdminError> {
    let metadata = node.metadata.clone().unwrap_or_default();
    Ok(Node {
        id: node.id.clone(),
        name: metadata.name,
        target: target(node)?,
        upstream: upstream(node),
        inputs: node.inputs.iter().cloned().map(Encoded).collect(),
        retries: metadata.retries.map_or(0, |strategy| strategy.retries),
        interruptible: metadata.interruptible_value.map(|InterruptibleValue::Interruptible(value)| value),
        cache: CacheOverride {
            cacheable: metadata.cacheable_value.map(|CacheableValue::Cacheable(value)| value),
            version: metadata.cache_version_value.map(|CacheVersionValue::CacheVersion(value)| value),
            serializable: metadata
                .cache_serializable_value
                .map(|CacheSerializableValue::CacheSerializable(value)| value),
        },
    })
}

fn target(node: &ProtoNode) -> Result<NodeTarget, AdminError> {
    let target = match &node.target {
        Some(Target::TaskNode(task)) => task
            .reference
            .as_ref()
            .map(|TaskReference::ReferenceId(id)| NodeTarget::Task(resource_id(id))),
        Some(Target::WorkflowNode(workflow)) => match &workflow.reference {
            Some(WorkflowReference::SubWorkflowRef(id)) => Some(NodeTarget::SubWorkflow(resource_id(id))),
            Some(WorkflowReference::LaunchplanRef(id)) => Some(NodeTarget::LaunchPlan {
                id: ExecutionId {
                    project: id.project.clone(),
                    domain: id.domain.clone(),
                    name: id.name.clone(),
                },
                version: id.version.clone(),
            }),
            None => None,
        },
        Some(Target::BranchNode(branch)) => Some(NodeTarget::Branch(self::branch(branch)?)),
        Some(Target::ArrayNode(array)) => self::array(array)?.map(|array| NodeTarget::Array(Box::new(array))),
        Some(Target::GateNode(gate)) => self::gate(gate).map(NodeTarget::Gate),
        None => None,
    };
    target.ok_or_else(|| AdminError::internal(format!("node [{}] has no target", node.id)))
}

fn branch(branch: &BranchNode) -> Result<Branch, AdminError> {
    let Some(if_else) = &branch.if_else else {
        return Ok(Branch::default());
    };
    let case = |block: &IfBlock| {
        Ok(Case {
            condition: Encoded(block.condition.clone().unwrap_or_default()),
            then: node(block.then_node.as_deref().unwrap_or(&ProtoNode::default()))?,
        })
    };
    let (otherwise, fails) = match &if_else.default {
        Some(Otherwise::ElseNode(other)) => (Some(Box::new(node(other)?)), None),
        Some(Otherwise::Error(error)) => (None, Some(error.message.clone())),
        None => (None, None),
    };
    Ok(Branch {
        cases: blocks(if_else).map(case).collect::<Result<_, AdminError>>()?,
        otherwise,
        fails,
    })
}

fn array(array: &ArrayNode) -> Result<Option<Array>, AdminError> {
    let Some(inner) = &array.node else { return Ok(None) };
    Ok(Some(Array {
        node: node(inner)?,
        parallelism: match array.parallelism_option {
            Some(ParallelismOption::Parallelism(parallelism)) => parallelism,
            None => 0,
        },
        succeeds: match array.success_criteria {
            Some(SuccessCriteria::MinSuccesses(count)) => Succeeds::Count(count),
            Some(SuccessCriteria::MinSuccessRatio(ratio)) => Succeeds::Ratio(ratio),
            None => Succeeds::All,
        },
        bound_inputs: array.bound_inputs.clone(),
        individual: array.data_mode == DataMode::IndividualInputFiles as i32 || array.is_original_sub_node_interface == Some(true),
    }))
}

fn gate(gate: &GateNode) -> Option<Gate> {
    Some(match gate.condition.as_ref()? {
        Condition::Approve(approve) => Gate::Approve {
            signal: approve.signal_id.clone(),
        },
        Condition::Signal(signal) => Gate::Signal {
            signal: signal.signal_id.clone(),
            kind: Box::new(Encoded(signal.r#type.clone().unwrap_or_default())),
            output: signal.output_variable_name.clone(),
        },
        Condition::Sleep(sleep) => {
            let duration = sleep.duration.unwrap_or_default();
            let millis = duration
                .seconds
                .saturating_mul(1000)
                .saturating_add(i64::from(duration.nanos / 1_000_000));
            Gate::Sleep {
                millis: u64::try_from(millis).unwrap_or_default(),
            }
        }
    })
}

fn blocks(if_else: &IfElseBlock) -> impl Iterator<Item = &IfBlock> {
    if_else.case.as_deref().into_iter().chain(&if_else.other)
}

/// Whether it takes one of several nodes.
pub(crate) fn is_branch(node: &ProtoNode) -> bool {
    matches!(node.target, Some(Target::BranchNode(_)))
}

/// Nodes inside a node.
pub(crate) fn inner(node: &ProtoNode) -> Vec<&ProtoNode> {
    match &node.target {
        Some(Target::BranchNode(branch)) => {
            let if_else = branch.if_else.as_deref();
            let other = if_else.and_then(|if_else| match &if_else.default {
                Some(Otherwise::ElseNode(other)) => Some(other.as_ref()),
                _ => None,
            });
            let then = if_else.into_iter().flat_map(blocks).filter_map(|block| block.then_node.as_deref());
            then.chain(other).collect()
        }
        Some(Target::ArrayNode(array)) => array.node.as_deref().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Nodes of which a branch takes one, to be changed.
pub(crate) fn branches_mut(node: &mut ProtoNode) -> Vec<&mut ProtoNode> {
    let Some(Target::BranchNode(branch)) = &mut node.target else {
        return Vec::new();
    };
    let Some(if_else) = branch.if_else.as_deref_mut() else {
        return Vec::new();
    };
    let IfElseBlock { case, other, default } = if_else;
    let blocks = case.as_deref_mut().into_iter().chain(other);
    let otherwise = match default {
        Some(Otherwise::ElseNode(node)) => Some(node.as_mut()),
        _ => None,
    };
    blocks.filter_map(|block| block.then_node.as_deref_mut()).chain(otherwise).collect()
}

/// Nodes that must be done first: those named, those that inputs come from, and those before the nodes inside.
fn upstream(node: &ProtoNode) -> Vec<String> {
    let bound = node.inputs.iter().flat_map(|binding| promises(binding.binding.as_ref()));
    let inside = inner(node);
    let own = node.upstream_node_ids.iter().map(String::as_str).chain(bound).map(str::to_owned);
    let mut upstream: Vec<String> = own
        .chain(inside.iter().copied().flat_map(upstream))
        .filter(|id| !id.is_empty() && id != "start-node" && *id != node.id && !inside.iter().any(|inner| inner.id == *id))
        .collect();
    upstream.sort();
    upstream.dedup();
    upstream
}

/// How nodes name tasks and workflows inside an object.
pub(crate) fn resource_id(id: &Identifier) -> String {
    let kind = crate::proto::core::ResourceType::try_from(id.resource_type).map_or("", |kind| kind.as_str_name());
    format!("{kind}:{}:{}:{}:{}", id.project, id.domain, id.name, id.version)
}
