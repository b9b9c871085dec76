//! From a compiled workflow to the object that goes into a data plane.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use super::error::AdminError;
use super::node::{self, resource_id};
use crate::crd::{
    Encoded, ExecutionConfig, ExecutionId, FINALIZER, FlyteWorkflow, RawOutputDataConfig, SHARD_KEY, Task, WorkflowMeta, WorkflowSpec,
};
use crate::naming;
use crate::proto::admin::ExecutionSpec;
use crate::proto::core::{CompiledWorkflowClosure, LiteralMap, WorkflowTemplate};
use crate::stores::ExecutionKey;

/// What an object is built from.
pub(crate) struct Ingredients<'a> {
    pub(crate) key: &'a ExecutionKey,
    pub(crate) namespace: String,
    pub(crate) closure: &'a CompiledWorkflowClosure,
    pub(crate) inputs: &'a LiteralMap,
    pub(crate) spec: &'a ExecutionSpec,
    pub(crate) execution_config: ExecutionConfig,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) accepted_at: jiff::Timestamp,
    pub(crate) event_version: i64,
    pub(crate) role_name_key: &'a str,
}

/// Builds the object.
///
/// # Errors
/// `Internal` if the compiled workflow lacks a part, which compilation rules out.
pub(crate) fn build(from: Ingredients<'_>) -> Result<FlyteWorkflow, AdminError> {
    let key = from.key;
    let primary = from
        .closure
        .primary
        .as_ref()
        .and_then(|workflow| workflow.template.as_ref())
        .ok_or_else(|| AdminError::internal("compiled workflow has no template"))?;
    let mut object = FlyteWorkflow::new();
    object.metadata = metadata(&from, primary);
    object.spec = workflow(format!("{}:{}:{}", key.project, key.domain, key.name), primary)?;
    object.execution_id = ExecutionId {
        project: key.project.clone(),
        domain: key.domain.clone(),
        name: key.name.clone(),
    };
    for task in &from.closure.tasks {
        let template = task.template.clone().unwrap_or_default();
        let id = template.id.clone().unwrap_or_default();
        let task = Task {
            kind: template.r#type.clone(),
            template: Encoded(template),
        };
        object.tasks.insert(resource_id(&id), task);
    }
    for sub in &from.closure.sub_workflows {
        let template = sub.template.clone().unwrap_or_default();
        let id = resource_id(&template.id.clone().unwrap_or_default());
        object.sub_workflows.insert(id.clone(), workflow(id, &template)?);
    }
    let inputs = from.inputs.literals.iter();
    object.inputs = inputs.map(|(name, value)| (name.clone(), Encoded(value.clone()))).collect();
    object.accepted_at = Some(Time(from.accepted_at));
    if let Some(run_as) = from.spec.security_context.as_ref().and_then(|context| context.run_as.as_ref()) {
        object.service_account_name = run_as.k8s_service_account.clone();
        if !run_as.iam_role.is_empty() && !from.role_name_key.is_empty() {
            let annotations = object.metadata.annotations.get_or_insert_default();
            annotations.insert(from.role_name_key.to_owned(), run_as.iam_role.clone());
        }
    }
    if let Some(raw) = &from.spec.raw_output_data_config {
        object.raw_output_data_config = RawOutputDataConfig {
            output_location_prefix: raw.output_location_prefix.clone(),
        };
    }
    object.execution_config = from.execution_config.clone();
    object.workflow_meta = WorkflowMeta {
        event_version: from.event_version,
    };
    let environment = from.spec.envs.clone().unwrap_or_default().values;
    object.environment = environment.into_iter().map(|pair| (pair.key, pair.value)).collect();
    Ok(object)
}

fn metadata(from: &Ingredients<'_>, primary: &WorkflowTemplate) -> ObjectMeta {
    let key = from.key;
    let workflow = primary.id.clone().unwrap_or_default().name;
    let mut labels = BTreeMap::from([
        ("execution-id".to_owned(), key.name.clone()),
        ("project".to_owned(), key.project.clone()),
        ("domain".to_owned(), key.domain.clone()),
        ("workflow-name".to_owned(), label_value(&workflow)),
        (SHARD_KEY.to_owned(), naming::shard_key(&key.name)),
    ]);
    // The request's labels win, also over these.
    labels.extend(from.labels.clone());
    ObjectMeta {
        name: Some(key.name.clone()),
        namespace: Some(from.namespace.clone()),
        labels: Some(labels),
        annotations: (!from.annotations.is_empty()).then(|| from.annotations.clone()),
        finalizers: Some(vec![FINALIZER.to_owned()]),
        ..ObjectMeta::default()
    }
}

/// Lower case, other characters as `-`, at most 63, letters and digits at both ends.
pub(crate) fn label_value(text: &str) -> String {
    let text: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(63)
        .collect();
    text.trim_matches('-').to_owned()
}

/// A workflow of nodes.
///
/// # Errors
/// As [`build`].
pub(crate) fn workflow(id: String, template: &WorkflowTemplate) -> Result<WorkflowSpec, AdminError> {
    // Those inside of branches are among the nodes, too: they run when they are taken.
    let taken: BTreeSet<&str> = template
        .nodes
        .iter()
        .filter(|node| node::is_branch(node))
        .flat_map(node::inner)
        .map(|node| node.id.as_str())
        .collect();
    let nodes = template
        .nodes
        .iter()
        .filter(|node| node.target.is_some() && !taken.contains(node.id.as_str()))
        .map(|node| Ok((node.id.clone(), node::node(node)?)))
        .collect::<Result<_, AdminError>>()?;
    Ok(WorkflowSpec {
        id,
        nodes,
        outputs: template.outputs.iter().cloned().map(Encoded).collect(),
        on_failure: template
            .failure_node
            .as_ref()
            .map(|node| node::node(node).map(Box::new))
            .transpose()?,
    })
}
