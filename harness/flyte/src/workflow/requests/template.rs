//! A workflow's template: nodes, their bindings, and that all of it fits together.

use std::collections::BTreeMap;

use serde_json::Value;
use yaml::{Span, Spanned};

use super::Scope;
use crate::proto::core::binding_data::Value as Bound;
use crate::proto::core::literal::Value as LiteralValue;
use crate::proto::core::node::Target;
use crate::proto::core::task_node::Reference as TaskReference;
use crate::proto::core::workflow_node::Reference as WorkflowReference;
use crate::proto::core::{
    Binding, BindingData, BindingDataCollection, BindingDataMap, Literal, Node as ProtoNode, NodeMetadata, OutputReference, ResourceType,
    Scalar, TaskNode, TypedInterface, Variable, VariableMap, WorkflowNode, WorkflowTemplate,
};
use crate::task::literal;
use crate::workflow::{Node, Source, Type, Workflow, WorkflowFileError};

pub(super) fn workflow(scope: &Scope<'_>, name: &str, workflow: &Workflow) -> Result<WorkflowTemplate, WorkflowFileError> {
    let mut outputs = BTreeMap::new();
    for (output, source) in &workflow.outputs {
        let kind = match &source.value {
            Source::Input(input) => input_type(workflow, input, source.span)?,
            Source::Node(path) => output_type(scope, workflow, path, source.span)?.1,
            Source::Value(_) => return Err(at(source, "an output comes from a node or an input")),
        };
        outputs.insert(output.clone(), kind);
    }
    let mut nodes = Vec::new();
    for (id, node) in &workflow.nodes {
        nodes.push(self::node(scope, workflow, id, node)?);
    }
    let bindings = workflow.outputs.iter();
    Ok(WorkflowTemplate {
        id: Some(scope.id(ResourceType::Workflow, name)),
        interface: Some(interface(workflow.inputs.iter(), outputs.iter().map(|(name, kind)| (name, *kind)))),
        nodes,
        outputs: bindings
            .map(|(name, source)| binding(scope, workflow, name, source, outputs[name]))
            .collect::<Result<_, _>>()?,
        ..WorkflowTemplate::default()
    })
}

fn node(scope: &Scope<'_>, workflow: &Workflow, id: &str, node: &Spanned<Node>) -> Result<ProtoNode, WorkflowFileError> {
    let target = Called::of(scope, node)?;
    for name in node.inputs.keys() {
        if !target.inputs.contains_key(name.as_str()) {
            return Err(at(&node.inputs[name], &format!("`{}` has no input `{name}`", target.name)));
        }
    }
    let mut inputs = Vec::new();
    for (name, kind) in &target.inputs {
        match node.inputs.get(*name) {
            Some(source) => inputs.push(binding(scope, workflow, name, source, kind)?),
            None if target.optional.contains(name) => {}
            None => return Err(at(node, &format!("input `{name}` of `{}` is missing", target.name))),
        }
    }
    for after in &node.after {
        if !workflow.nodes.contains_key(&after.value) {
            return Err(at(after, &format!("no node `{}` in this workflow", after.value)));
        }
    }
    Ok(ProtoNode {
        id: id.to_owned(),
        metadata: Some(NodeMetadata {
            name: target.name.clone(),
            ..NodeMetadata::default()
        }),
        inputs,
        upstream_node_ids: node.after.iter().map(|after| after.value.clone()).collect(),
        target: Some(target.proto),
        ..ProtoNode::default()
    })
}

/// What a node runs.
struct Called<'a> {
    name: String,
    inputs: BTreeMap<&'a str, &'a Type>,
    /// Inputs that a launch plan has values for.
    optional: Vec<&'a str>,
    proto: Target,
}

impl<'a> Called<'a> {
    fn of(scope: &Scope<'a>, node: &'a Spanned<Node>) -> Result<Self, WorkflowFileError> {
        let task = |name: &Spanned<String>| TaskNode {
            reference: Some(TaskReference::ReferenceId(scope.id(ResourceType::Task, name))),
            ..TaskNode::default()
        };
        let inner = |reference| {
            Target::WorkflowNode(WorkflowNode {
                reference: Some(reference),
            })
        };
        match (&node.task, &node.workflow, &node.launch_plan) {
            (Some(name), None, None) => {
                let found = scope.file.tasks.get(&name.value);
                let found = found.ok_or_else(|| at(name, &format!("no task `{}` in this file", name.value)))?;
                Ok(Self {
                    name: name.value.clone(),
                    inputs: by_name(&found.inputs),
                    optional: Vec::new(),
                    proto: Target::TaskNode(task(name)),
                })
            }
            (None, Some(name), None) => {
                let found = scope.workflow(name, name.span)?;
                Ok(Self {
                    name: name.value.clone(),
                    inputs: by_name(&found.inputs),
                    optional: Vec::new(),
                    proto: inner(WorkflowReference::SubWorkflowRef(scope.id(ResourceType::Workflow, name))),
                })
            }
            (None, None, Some(name)) => {
                let plan = scope.file.launch_plans.get(&name.value);
                let workflow = plan.map_or(name, |plan| &plan.workflow);
                let found = scope.workflow(workflow, name.span)?;
                let fixed = |input: &str| plan.is_some_and(|plan| plan.fixed_inputs.contains_key(input));
                Ok(Self {
                    name: name.value.clone(),
                    inputs: by_name(&found.inputs).into_iter().filter(|(input, _)| !fixed(input)).collect(),
                    optional: plan
                        .map(|plan| plan.default_inputs.keys().map(String::as_str).collect())
                        .unwrap_or_default(),
                    proto: inner(WorkflowReference::LaunchplanRef(scope.id(ResourceType::LaunchPlan, name))),
                })
            }
            _ => Err(at(node, "a node has exactly one of `task`, `workflow` and `launchPlan`")),
        }
    }
}

fn by_name(types: &BTreeMap<String, Type>) -> BTreeMap<&str, &Type> {
    types.iter().map(|(name, kind)| (name.as_str(), kind)).collect()
}

fn binding(
    scope: &Scope<'_>,
    workflow: &Workflow,
    var: &str,
    source: &Spanned<Source>,
    declared: &Type,
) -> Result<Binding, WorkflowFileError> {
    let promise = |node: &str, var: &str| {
        Bound::Promise(OutputReference {
            node_id: node.to_owned(),
            var: var.to_owned(),
            ..OutputReference::default()
        })
    };
    let fits = |kind: &Type| match kind == declared {
        true => Ok(()),
        false => Err(at(source, &format!("`{var}` is of type {declared}, but this is {kind}"))),
    };
    let value = match &source.value {
        Source::Input(input) => {
            fits(input_type(workflow, input, source.span)?)?;
            promise("", input)
        }
        Source::Node(path) => {
            let ((node, output), kind) = output_type(scope, workflow, path, source.span)?;
            fits(kind)?;
            promise(node, output)
        }
        Source::Value(value) => bound(typed(value, declared, source.span)?),
    };
    Ok(Binding {
        var: var.to_owned(),
        binding: Some(BindingData {
            value: Some(value),
            ..BindingData::default()
        }),
    })
}

/// A literal as a binding.
fn bound(literal: Literal) -> Bound {
    let data = |literal| BindingData {
        value: Some(bound(literal)),
        ..BindingData::default()
    };
    match literal.value {
        Some(LiteralValue::Scalar(scalar)) => Bound::Scalar(*scalar),
        Some(LiteralValue::Collection(items)) => Bound::Collection(BindingDataCollection {
            bindings: items.literals.into_iter().map(data).collect(),
        }),
        Some(LiteralValue::Map(map)) => Bound::Map(BindingDataMap {
            bindings: map.literals.into_iter().map(|(key, item)| (key, data(item))).collect(),
        }),
        Some(LiteralValue::OffloadedMetadata(metadata)) => Bound::OffloadedMetadata(metadata),
        None => Bound::Scalar(Scalar::default()),
    }
}

fn input_type<'a>(workflow: &'a Workflow, input: &str, span: Span) -> Result<&'a Type, WorkflowFileError> {
    let found = workflow.inputs.get(input);
    found.ok_or_else(|| WorkflowFileError::at(span, format!("the workflow has no input `{input}`")))
}

type NodeOutput<'a> = ((&'a str, &'a str), &'a Type);

/// Node, output and type of `<node>.<output>`.
fn output_type<'a>(scope: &Scope<'a>, workflow: &'a Workflow, path: &'a str, span: Span) -> Result<NodeOutput<'a>, WorkflowFileError> {
    let wrong = |message: String| WorkflowFileError::at(span, message);
    let (id, output) = path
        .split_once('.')
        .ok_or_else(|| wrong(format!("`{path}` is not of the form <node>.<output>")))?;
    let node = workflow
        .nodes
        .get(id)
        .ok_or_else(|| wrong(format!("no node `{id}` in this workflow")))?;
    let none = || wrong(format!("node `{id}` has no output `{output}`"));
    if let Some(task) = &node.task {
        let task = scope.file.tasks.get(&task.value).ok_or_else(none)?;
        return Ok(((id, output), &task.outputs.get(output).ok_or_else(none)?.kind));
    }
    let inner = match (&node.workflow, &node.launch_plan) {
        (Some(name), _) => name,
        (None, Some(name)) => scope.file.launch_plans.get(&name.value).map_or(name, |plan| &plan.workflow),
        (None, None) => return Err(none()),
    };
    let inner = scope.workflow(inner, span)?;
    let source = inner.outputs.get(output).ok_or_else(none)?;
    let kind = match &source.value {
        Source::Input(input) => input_type(inner, input, span)?,
        Source::Node(path) => output_type(scope, inner, path, span)?.1,
        Source::Value(_) => return Err(none()),
    };
    Ok(((id, output), kind))
}

pub(super) fn interface<'a>(
    inputs: impl Iterator<Item = (&'a String, &'a Type)>,
    outputs: impl Iterator<Item = (&'a String, &'a Type)>,
) -> TypedInterface {
    let inputs = inputs.map(|(name, kind)| (name.clone(), variable(kind)));
    let outputs = outputs.map(|(name, kind)| (name.clone(), variable(kind)));
    TypedInterface {
        inputs: Some(VariableMap {
            variables: inputs.collect(),
        }),
        outputs: Some(VariableMap {
            variables: outputs.collect(),
        }),
    }
}

pub(super) fn variable(kind: &Type) -> Variable {
    Variable {
        r#type: Some(kind.to_proto()),
        ..Variable::default()
    }
}

/// A value of a declared type.
pub(super) fn typed(value: &Value, kind: &Type, span: Span) -> Result<Literal, WorkflowFileError> {
    literal(value, &kind.to_proto()).map_err(|error| WorkflowFileError::at(span, error.to_string()))
}

fn at<T>(spanned: &Spanned<T>, message: &str) -> WorkflowFileError {
    WorkflowFileError::at(spanned.span, message)
}
