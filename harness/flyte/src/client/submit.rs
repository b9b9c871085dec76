//! Starting executions.

use std::collections::BTreeMap;

use super::{Admin, ClientError, Submission, Target};
use crate::crd::ExecutionId;
use crate::proto::admin::{
    Annotations, ExecutionClusterLabel, ExecutionCreateRequest, ExecutionMetadata, ExecutionSpec, Labels, NamedEntityIdentifier,
    ObjectGetRequest, ResourceListRequest,
};
use crate::proto::core::{Identifier, LiteralMap, LiteralType, NodeExecutionIdentifier, ResourceType};
use crate::task::literal;

/// Types of inputs by name.
type Inputs = BTreeMap<String, LiteralType>;

/// A [`Submission`] whose target is found and whose inputs are checked: as many executions can be started from it as one likes.
#[derive(Clone, Debug)]
pub struct Checked(ExecutionCreateRequest);

impl Admin {
    /// Starts an execution. That this succeeds proves nothing: an execution whose object could not be created is
    /// stored as failed.
    ///
    /// # Errors
    /// If an input does not fit, nothing of the name is registered, or as the control plane's.
    pub async fn submit(&self, submission: &Submission) -> Result<ExecutionId, ClientError> {
        let checked = self.check(submission).await?;
        self.start(&checked, &submission.name).await
    }

    /// Finds what a submission runs, and checks its inputs. Its name counts for nothing yet.
    ///
    /// # Errors
    /// If an input does not fit, nothing of the name is registered, or as the control plane's.
    pub async fn check(&self, submission: &Submission) -> Result<Checked, ClientError> {
        let (launch_plan, types) = self.target(submission).await?;
        let mut literals = BTreeMap::new();
        for (input, value) in &submission.inputs {
            let declared = types.get(input).ok_or_else(|| ClientError::UnknownInput {
                target: launch_plan.name.clone(),
                input: input.clone(),
            })?;
            let value = literal(value, declared).map_err(|source| ClientError::Input {
                input: input.clone(),
                source,
            })?;
            literals.insert(input.clone(), value);
        }
        let parent = submission.parent.as_ref().map(|(execution, node)| NodeExecutionIdentifier {
            node_id: node.clone(),
            execution_id: Some(execution.into()),
        });
        let label = submission.label.clone().map(|value| ExecutionClusterLabel { value });
        Ok(Checked(ExecutionCreateRequest {
            project: submission.project.clone(),
            domain: submission.domain.clone(),
            name: String::new(),
            spec: Some(ExecutionSpec {
                launch_plan: Some(launch_plan),
                metadata: Some(ExecutionMetadata {
                    parent_node_execution: parent,
                    ..ExecutionMetadata::default()
                }),
                labels: Some(Labels {
                    values: submission.labels.clone(),
                }),
                annotations: Some(Annotations {
                    values: submission.annotations.clone(),
                }),
                execution_cluster_label: label,
                ..ExecutionSpec::default()
            }),
            inputs: Some(LiteralMap { literals }),
            org: String::new(),
        }))
    }

    /// Starts an execution of this name; an empty one is made up. As with [`Self::submit`], success proves nothing.
    ///
    /// # Errors
    /// As the control plane's.
    pub async fn start(&self, checked: &Checked, name: &str) -> Result<ExecutionId, ClientError> {
        let request = ExecutionCreateRequest {
            name: name.to_owned(),
            ..checked.0.clone()
        };
        let answer = self.client.clone().create_execution(request).await?.into_inner();
        Ok(answer.id.unwrap_or_default().into())
    }

    /// What is run, and the types of its inputs.
    async fn target(&self, submission: &Submission) -> Result<(Identifier, Inputs), ClientError> {
        let (kind, name) = match &submission.target {
            Target::LaunchPlan(name) => (ResourceType::LaunchPlan, name),
            Target::Task(name) => (ResourceType::Task, name),
        };
        let version = match &submission.version {
            Some(version) => version.clone(),
            None => self.newest(submission, kind, name).await?,
        };
        let id = Identifier {
            resource_type: kind as i32,
            project: submission.project.clone(),
            domain: submission.domain.clone(),
            name: name.clone(),
            version,
            org: String::new(),
        };
        let request = ObjectGetRequest { id: Some(id.clone()) };
        let mut client = self.client.clone();
        let inputs = if kind == ResourceType::Task {
            let task = client.get_task(request).await?.into_inner();
            let interface = task.closure.and_then(|closure| closure.compiled_task?.template?.interface);
            let variables = interface.and_then(|interface| interface.inputs).unwrap_or_default().variables;
            variables
                .into_iter()
                .filter_map(|(name, variable)| Some((name, variable.r#type?)))
                .collect()
        } else {
            let plan = client.get_launch_plan(request).await?.into_inner();
            let parameters = plan
                .closure
                .and_then(|closure| closure.expected_inputs)
                .unwrap_or_default()
                .parameters;
            parameters
                .into_iter()
                .filter_map(|(name, parameter)| Some((name, parameter.var?.r#type?)))
                .collect()
        };
        Ok((id, inputs))
    }

    /// The version that was registered last.
    async fn newest(&self, submission: &Submission, kind: ResourceType, name: &str) -> Result<String, ClientError> {
        let request = ResourceListRequest {
            id: Some(NamedEntityIdentifier {
                project: submission.project.clone(),
                domain: submission.domain.clone(),
                name: name.to_owned(),
                org: String::new(),
            }),
            limit: 1,
            ..ResourceListRequest::default()
        };
        let mut client = self.client.clone();
        let (kind, id) = if kind == ResourceType::Task {
            let page = client.list_tasks(request).await?.into_inner();
            ("task", page.tasks.into_iter().next().and_then(|task| task.id))
        } else {
            let page = client.list_launch_plans(request).await?.into_inner();
            ("launch plan", page.launch_plans.into_iter().next().and_then(|plan| plan.id))
        };
        id.map(|id| id.version).ok_or_else(|| ClientError::NotRegistered {
            kind,
            name: name.to_owned(),
        })
    }
}
