//! `CreateExecution`: resolve and validate, upload inputs, build the object, choose the cluster, create the object
//! there, and only then insert the row.

use std::collections::BTreeMap;

use prost::Message;
use tonic::Code;

use super::error::AdminError;
use super::object::{self, Ingredients};
use super::state::Admin;
use super::{inputs, single_task, validate};
use crate::crash::CrashPoint;
use crate::naming;
use crate::placement::{PoolSource, Request};
use crate::proto::admin::execution_metadata::ExecutionMode;
use crate::proto::admin::matching_attributes::Target;
use crate::proto::admin::{
    ExecutionClosure, ExecutionCreateRequest, ExecutionSpec, ExecutionState, ExecutionStateChangeDetails, LaunchPlan, MatchableResource,
    MatchingAttributes, SystemMetadata, execution_closure::OutputResult,
};
use crate::proto::core::execution_error::ErrorKind;
use crate::proto::core::workflow_execution::Phase;
use crate::proto::core::{ExecutionError, Identifier, LiteralMap, ResourceType};
use crate::stores::{AttributeKey, DatabaseError, ExecutionKey, ExecutionRow, NodeKey};

/// Start of the message of every failure between the choice of a cluster and the created object.
const NOT_CREATED: &str = "failed to create workflow in propeller";

impl Admin {
    /// Starts a run and answers with its key. A launch plan's run whose object could not be created is stored as
    /// failed; a single task's is refused.
    pub(crate) async fn create_execution(&self, request: ExecutionCreateRequest) -> Result<ExecutionKey, AdminError> {
        let key = self.execution_key(&request)?;
        if self.config.switches.refuse_used_names {
            self.check_unused(&key)?;
        }
        let mut spec = request.spec.ok_or_else(|| AdminError::missing("spec"))?;
        let target = spec.launch_plan.clone().ok_or_else(|| AdminError::missing("spec.launch_plan"))?;
        let single_task = target.resource_type == ResourceType::Task as i32;
        let plan = if single_task {
            single_task::launch_plan(self, &target)?
        } else {
            self.launch_plan(Some(&target))?
        };
        let inputs = inputs::resolve(&plan, &request.inputs.unwrap_or_default())?;
        self.check_cluster_pool(&key, &plan, &spec)?;
        self.inherit_from_parent(&mut spec)?;

        self.at(CrashPoint::Accepted).await;
        let run = self.prepare(&key, &plan, spec, &inputs)?;
        let outcome = self.launch(&run, &plan).await;
        if single_task {
            outcome.as_ref().map_err(Clone::clone)?;
        }
        let row = self.row(run, outcome);
        self.database
            .write(|tables| tables.executions.insert(key.clone(), row))
            .map_err(AdminError::from)?;
        self.at(CrashPoint::Recorded).await;
        Ok(key)
    }

    fn execution_key(&self, request: &ExecutionCreateRequest) -> Result<ExecutionKey, AdminError> {
        self.check_project_domain(&request.project, &request.domain)?;
        let name = if request.name.is_empty() {
            self.random_name()
        } else {
            request.name.clone()
        };
        validate::execution_name(&name)?;
        Ok(ExecutionKey {
            project: request.project.clone(),
            domain: request.domain.clone(),
            name,
        })
    }

    /// Refuses a name before its object is made; upstream finds out when the row is stored.
    fn check_unused(&self, key: &ExecutionKey) -> Result<(), AdminError> {
        match self.database.read(|tables| tables.executions.get(key).is_some())? {
            true => Err(AdminError::new(
                Code::AlreadyExists,
                format!("execution [{}] exists already", key.name),
            )),
            false => Ok(()),
        }
    }

    /// A cluster pool has no effect on placement, but must not contradict the stored one.
    fn check_cluster_pool(&self, key: &ExecutionKey, plan: &LaunchPlan, spec: &ExecutionSpec) -> Result<(), AdminError> {
        let stored = self.stored(key, plan, MatchableResource::ClusterAssignment)?;
        let (Some(Target::ClusterAssignment(stored)), Some(asked)) = (stored.and_then(|value| value.target), &spec.cluster_assignment)
        else {
            return Ok(());
        };
        let (stored, asked) = (stored.cluster_pool_name, &asked.cluster_pool_name);
        if stored.is_empty() || asked.is_empty() || stored == *asked {
            return Ok(());
        }
        Err(AdminError::invalid(format!(
            "execution with project [{}] and domain [{}] cannot run on cluster pool [{asked}], expected to run on [{stored}]",
            key.project, key.domain
        )))
    }

    /// A run that a node of another run starts takes over that run's label, even an empty one.
    fn inherit_from_parent(&self, spec: &mut ExecutionSpec) -> Result<(), AdminError> {
        let metadata = spec.metadata.get_or_insert_default();
        // Without authentication nobody is known; what the client writes there counts for nothing.
        metadata.principal.clear();
        let Some(parent) = &metadata.parent_node_execution else {
            return Ok(());
        };
        let id = parent
            .execution_id
            .as_ref()
            .ok_or_else(|| AdminError::missing("parent_node_execution.execution_id"))?;
        let node = NodeKey {
            execution: ExecutionKey::from(id),
            node: parent.node_id.clone(),
        };
        let parent_spec = self.database.read(|tables| {
            if tables.nodes.get(&node).is_none() {
                return Err(AdminError::not_found(format!(
                    "failed to get parent node execution [{}] of [{}]",
                    node.node, node.execution.name
                )));
            }
            tables
                .executions
                .get(&node.execution)
                .map(|row| row.spec.clone())
                .ok_or_else(|| AdminError::not_found("failed to get parent execution"))
        })??;
        if metadata.mode != ExecutionMode::Recovered as i32 {
            metadata.mode = ExecutionMode::ChildWorkflow as i32;
        }
        metadata.nesting = parent_spec.metadata.map_or(0, |parent| parent.nesting) + 1;
        if parent_spec.execution_cluster_label.is_some() {
            spec.execution_cluster_label = parent_spec.execution_cluster_label;
        }
        Ok(())
    }

    fn prepare(&self, key: &ExecutionKey, plan: &LaunchPlan, mut spec: ExecutionSpec, inputs: &LiteralMap) -> Result<Run, AdminError> {
        let plan_spec = plan.spec.clone().unwrap_or_default();
        let namespace = naming::namespace(&self.config.namespace_template, &key.project, &key.domain);
        let labels = spec.labels.take().unwrap_or_default().values;
        let labels = if labels.is_empty() {
            plan_spec.labels.unwrap_or_default().values
        } else {
            labels
        };
        let annotations = spec.annotations.take().unwrap_or_default().values;
        let annotations = if annotations.is_empty() {
            plan_spec.annotations.unwrap_or_default().values
        } else {
            annotations
        };
        let mut all_labels = self.project_labels(&key.project);
        all_labels.extend(labels);
        spec.labels = Some(crate::proto::admin::Labels {
            values: all_labels.clone(),
        });
        spec.annotations = Some(crate::proto::admin::Annotations {
            values: annotations.clone(),
        });
        spec.security_context = spec.security_context.or(plan_spec.security_context);
        spec.raw_output_data_config = spec.raw_output_data_config.or(plan_spec.raw_output_data_config);
        spec.envs = spec.envs.or(plan_spec.envs);

        let uri = self.metadata_uri(&[&key.project, &key.domain, &key.name, "inputs"]);
        let put = self.objects.put_uri(&uri, inputs.encode_to_vec().into());
        put.map_err(|error| AdminError::internal(format!("failed to write {uri}: {error}")))?;
        let workflow = self
            .workflow(plan_spec.workflow_id.as_ref())?
            .closure
            .and_then(|closure| closure.compiled_workflow)
            .ok_or_else(|| AdminError::internal("workflow is not compiled"))?;
        let object = object::build(Ingredients {
            key,
            namespace: namespace.clone(),
            closure: &workflow,
            inputs,
            execution_config: self.execution_config(key, plan, &spec)?,
            spec: &spec,
            labels: all_labels,
            annotations,
            accepted_at: self.clock.now(),
            event_version: self.config.event_version,
            role_name_key: &self.config.role_name_key,
        })?;
        Ok(Run {
            key: key.clone(),
            spec,
            namespace,
            inputs_uri: uri.to_string(),
            workflow_id: plan_spec.workflow_id,
            object,
        })
    }

    /// Chooses the cluster and creates the object there; answers with the cluster's name.
    async fn launch(&self, run: &Run, plan: &LaunchPlan) -> Result<String, AdminError> {
        let failed = |why: String| AdminError::internal(format!("{NOT_CREATED} {why}"));
        let request = Request {
            project: run.key.project.clone(),
            domain: run.key.domain.clone(),
            workflow: workflow_name(plan),
            name: run.key.name.clone(),
            // The parent's label has already replaced the request's own.
            label: run.spec.execution_cluster_label.as_ref().map(|label| label.value.clone()),
            parent_label: None,
        };
        let labels = self.labels(&run.key.project).map_err(|error| failed(error.to_string()))?;
        let decision = self.selector.place(&labels, &request).map_err(|error| failed(error.to_string()))?;
        if let (true, Some(label)) = (self.config.switches.strict_labels, &decision.resolution.label)
            && decision.choice.source != PoolSource::Label
        {
            return Err(failed(format!(
                "no enabled cluster has the label {label} (flyteadmin.multiplane.strictLabels)"
            )));
        }
        let target = self
            .targets
            .get(&decision.cluster)
            .ok_or_else(|| failed(format!("invalid cluster target {}", decision.cluster)))?;
        self.at(CrashPoint::Placed).await;
        target.create(&run.object).await.map_err(|error| failed(error.to_string()))?;
        self.at(CrashPoint::ObjectMade).await;
        Ok(decision.cluster)
    }

    fn row(&self, run: Run, outcome: Result<String, AdminError>) -> ExecutionRow {
        let now = self.now();
        let mut spec = run.spec;
        let metadata = spec.metadata.get_or_insert_default();
        let cluster = outcome.as_ref().cloned().unwrap_or_default();
        metadata.system_metadata = Some(SystemMetadata {
            execution_cluster: cluster.clone(),
            namespace: run.namespace,
        });
        let mut closure = ExecutionClosure {
            phase: Phase::Undefined as i32,
            created_at: Some(now),
            updated_at: Some(now),
            workflow_id: run.workflow_id,
            state_change_details: Some(ExecutionStateChangeDetails {
                state: ExecutionState::ExecutionActive as i32,
                occurred_at: Some(now),
                principal: metadata.principal.clone(),
            }),
            ..ExecutionClosure::default()
        };
        if let Err(error) = outcome {
            closure.phase = Phase::Failed as i32;
            closure.output_result = Some(OutputResult::Error(ExecutionError {
                code: "Internal".to_owned(),
                message: error.message,
                kind: ErrorKind::System as i32,
                timestamp: Some(now),
                ..ExecutionError::default()
            }));
        }
        ExecutionRow {
            spec,
            closure,
            cluster,
            inputs_uri: run.inputs_uri,
            outputs_uri: String::new(),
        }
    }

    fn project_labels(&self, project: &str) -> BTreeMap<String, String> {
        let project = self.project(project).unwrap_or_default();
        project.labels.unwrap_or_default().values
    }

    pub(super) fn stored(
        &self,
        key: &ExecutionKey,
        plan: &LaunchPlan,
        resource: MatchableResource,
    ) -> Result<Option<MatchingAttributes>, DatabaseError> {
        let key = AttributeKey {
            project: key.project.clone(),
            domain: key.domain.clone(),
            workflow: workflow_name(plan),
            resource: resource as i32,
        };
        let best = self.database.read(|tables| super::attributes::best(tables, &key))?;
        Ok(best.map(|(_, value)| value))
    }
}

/// A run about to start.
struct Run {
    key: ExecutionKey,
    spec: ExecutionSpec,
    namespace: String,
    inputs_uri: String,
    workflow_id: Option<Identifier>,
    object: crate::crd::FlyteWorkflow,
}

fn workflow_name(plan: &LaunchPlan) -> String {
    let id = plan.spec.as_ref().and_then(|spec| spec.workflow_id.as_ref());
    id.map(|id| id.name.clone()).unwrap_or_default()
}
