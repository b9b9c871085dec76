//! One round over a run: look at the object, do what its phase asks for, say so to the control plane.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use tonic::Status;

use super::admin_port::AdminPort;
use super::catalog::CatalogClient;
use super::cluster_port::ClusterPort;
use super::data::DataStore;
use super::events::{Events, RoundError, proto_error, system};
use super::nodes::{Outcome, Run};
use super::seen_pod::PodState;
use crate::config::PropellerConfig;
use crate::crd::{
    COMPLETED_TIME, Encoded, ExecutionError, FINALIZER, FlyteWorkflow, Phase, Status as Progress, TERMINATED, TERMINATION_STATUS,
};
use crate::proto::core::WorkflowExecutionIdentifier;
use crate::proto::core::workflow_execution::Phase as Reported;
use crate::proto::event::workflow_execution_event::OutputResult;

/// How far the pods of runs are, by namespace and name, as the watch sees them.
pub(crate) type Pods = Arc<Mutex<BTreeMap<(String, String), PodState>>>;

/// A data plane: everything that a round needs.
pub(crate) struct Engine {
    pub(crate) config: PropellerConfig,
    pub(crate) cluster: Arc<dyn ClusterPort>,
    pub(crate) events: Events,
    pub(crate) data: DataStore,
    /// Where results of tasks are kept; without it none are.
    pub(crate) catalog: Option<CatalogClient>,
    /// Name of the object store, for tasks.
    pub(crate) store_id: String,
    pub(crate) pods: Pods,
}

/// What a round left to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// For pods, or for nothing.
    Watch,
    /// For runs that the control plane placed: they must be asked for.
    Children,
}

impl Engine {
    /// Does one round. The object is changed in place; whoever calls stores it if it differs.
    pub(crate) async fn round(&self, object: &mut FlyteWorkflow) -> Waits {
        if object.status.phase.terminal() {
            self.finish(object);
            return Waits::Watch;
        }
        let before = object.status.clone();
        let retries = i64::from(before.failed_attempts) > self.config.max_workflow_retries;
        let result = if object.metadata.deletion_timestamp.is_some() {
            self.abort(object, Reported::Aborted, Phase::Aborted).await
        } else if retries {
            object.status.error = Some(ExecutionError {
                code: "RetriesExhausted".to_owned(),
                message: format!(
                    "max number of system retry attempts [{}/{}] exhausted. Last known status message: {}",
                    before.failed_attempts, self.config.max_workflow_retries, before.message
                ),
                user: false,
            });
            self.abort(object, Reported::Failed, Phase::Failed).await
        } else {
            self.step(object).await
        };
        match result {
            Ok(waits) => {
                object.status.failed_attempts = 0;
                object.status.message.clear();
                if object.status.phase.terminal() {
                    self.finish(object);
                }
                waits
            }
            Err(error) => {
                self.refused(object, before, error).await;
                Waits::Watch
            }
        }
    }

    /// What the phase asks for. The next phase is reported before it is stored.
    async fn step(&self, object: &mut FlyteWorkflow) -> Result<Waits, RoundError> {
        match object.status.phase {
            Phase::Ready => {
                self.report(object, Reported::Running, None).await?;
                object.status.started_at = Some(Time(self.events.clock.now()));
                object.status.phase = Phase::Running;
            }
            Phase::Running => {
                let nodes_before = object.status.node_status.clone();
                let mut progress = std::mem::take(&mut object.status.node_status);
                let outcome = self.run(object).evaluate(&mut progress).await;
                object.status.node_status = progress;
                match outcome? {
                    Outcome::Running(waits) => return Ok(waits),
                    // The end of the last node is stored before that of the run is reported, so that it is known if that is refused.
                    Outcome::Succeeded if object.status.node_status != nodes_before => {}
                    Outcome::Succeeded => {
                        self.report(object, Reported::Succeeding, None).await?;
                        object.status.phase = Phase::Succeeding;
                    }
                    Outcome::Failed(error) => {
                        let result = OutputResult::Error(proto_error(&error));
                        object.status.error = Some(error);
                        self.report_failure(object, Reported::Failing, result).await?;
                        object.status.phase = Phase::Failing;
                    }
                }
            }
            Phase::Succeeding => {
                let uri = self.outputs(object)?;
                let result = OutputResult::OutputUri(uri.clone());
                self.report(object, Reported::Succeeded, Some(result)).await?;
                object.status.output_reference = uri;
                object.status.phase = Phase::Succeeded;
            }
            Phase::Failing => {
                self.abort_nodes(object).await?;
                if object.spec.on_failure.is_some() {
                    object.status.phase = Phase::HandlingFailureNode;
                    return Ok(Waits::Watch);
                }
                self.failed(object).await?;
            }
            Phase::HandlingFailureNode => {
                let mut progress = std::mem::take(&mut object.status.node_status);
                let error = object.status.error.clone().unwrap_or_default();
                let run = self.run(object);
                let outcome = run.on_failure(&run.top(), &mut progress, &error).await;
                object.status.node_status = progress;
                match outcome? {
                    Outcome::Running(waits) => return Ok(waits),
                    Outcome::Succeeded => {}
                    Outcome::Failed(error) => object.status.error = Some(error),
                }
                self.failed(object).await?;
            }
            Phase::Succeeded | Phase::Failed | Phase::Aborted => {}
        }
        Ok(Waits::Watch)
    }

    async fn failed(&self, object: &mut FlyteWorkflow) -> Result<(), RoundError> {
        let error = object.status.error.clone().unwrap_or_default();
        let result = OutputResult::Error(proto_error(&error));
        self.report_failure(object, Reported::Failed, result).await?;
        object.status.phase = Phase::Failed;
        Ok(())
    }

    /// Stops every node and reports the run's end.
    async fn abort(&self, object: &mut FlyteWorkflow, reported: Reported, phase: Phase) -> Result<Waits, RoundError> {
        self.abort_nodes(object).await?;
        let error = object.status.error.clone().unwrap_or_else(|| ExecutionError {
            code: "Workflow abort".to_owned(),
            message: "Workflow aborted.".to_owned(),
            user: true,
        });
        let result = OutputResult::Error(proto_error(&error));
        self.report(object, reported, Some(result)).await?;
        object.status.error = Some(error);
        object.status.phase = phase;
        Ok(Waits::Watch)
    }

    /// What a failed round leaves behind, by its reason.
    async fn refused(&self, object: &mut FlyteWorkflow, before: Progress, error: RoundError) {
        let fails = |code: &str| ExecutionError {
            code: code.to_owned(),
            message: error.to_string(),
            user: false,
        };
        match &error {
            RoundError::IncompatibleCluster(_) => {
                object.status.error = Some(fails("EventIncompatibleClusterError"));
                object.status.phase = Phase::Failing;
            }
            RoundError::NotFound(_) if before.phase != Phase::Ready => {
                object.status.error = Some(fails("ExecutionNotFound"));
                object.status.phase = Phase::Failing;
            }
            RoundError::AlreadyTerminal(_) => {
                object.status.error = Some(fails("ExecutionAlreadyTerminated"));
                object.status.phase = Phase::Failed;
                // The run is over for the control plane; what is left of it here must not go on.
                let mut progress = std::mem::take(&mut object.status.node_status);
                let stopped = self.run(object).stop(&mut progress).await;
                object.status.node_status = progress;
                if let Err(error) = stopped {
                    object.status.message = error.to_string();
                }
                self.finish(object);
            }
            RoundError::NotFound(_) | RoundError::System(_) => {
                // What the round did is done again: names are fixed, so nothing is done twice.
                object.status = before.clone();
                object.status.failed_attempts = before.failed_attempts + 1;
                object.status.message = error.to_string();
            }
        }
    }

    /// Marks a finished object and lets go of it.
    fn finish(&self, object: &mut FlyteWorkflow) {
        let now = self.events.clock.now();
        object.status.stopped_at.get_or_insert(Time(now));
        let labels = object.metadata.labels.get_or_insert_default();
        labels.insert(TERMINATION_STATUS.to_owned(), TERMINATED.to_owned());
        labels
            .entry(COMPLETED_TIME.to_owned())
            .or_insert_with(|| now.strftime("%Y-%m-%d.%H").to_string());
        if let Some(finalizers) = &mut object.metadata.finalizers {
            finalizers.retain(|finalizer| finalizer != FINALIZER);
        }
    }

    async fn abort_nodes(&self, object: &mut FlyteWorkflow) -> Result<(), RoundError> {
        let mut progress = std::mem::take(&mut object.status.node_status);
        let run = self.run(object);
        let result = match run.abort(&mut progress).await {
            // Who refuses the run's own events refuses those of its nodes; they must end all the same.
            Err(RoundError::IncompatibleCluster(_) | RoundError::NotFound(_)) => run.stop(&mut progress).await,
            result => result,
        };
        object.status.node_status = progress;
        result
    }

    fn outputs(&self, object: &FlyteWorkflow) -> Result<String, RoundError> {
        let inputs = object.inputs.iter();
        let inputs = inputs.map(|(name, Encoded(value))| (name.clone(), value.clone())).collect();
        let outputs = self
            .data
            .resolve(&object.spec.outputs, &inputs, &object.status.node_status)
            .map_err(system)?;
        let uri = self.data.uri(object, "end-node/data/0/outputs.pb");
        self.data.write(&uri, &outputs).map_err(system)?;
        Ok(uri.to_string())
    }

    async fn report(&self, object: &FlyteWorkflow, phase: Reported, result: Option<OutputResult>) -> Result<(), RoundError> {
        self.events.workflow(execution_id(object), phase, result).await
    }

    /// Reports a failure. A control plane that refuses to hear of the run cannot keep it from failing.
    async fn report_failure(&self, object: &FlyteWorkflow, phase: Reported, result: OutputResult) -> Result<(), RoundError> {
        match self.report(object, phase, Some(result)).await {
            Err(RoundError::IncompatibleCluster(_) | RoundError::NotFound(_)) => Ok(()),
            result => result,
        }
    }

    fn run<'a>(&'a self, object: &'a FlyteWorkflow) -> Run<'a> {
        Run::new(self, object)
    }

    pub(crate) fn admin(&self) -> &dyn AdminPort {
        &*self.events.admin
    }
}

/// How the control plane names the run.
pub(crate) fn execution_id(object: &FlyteWorkflow) -> WorkflowExecutionIdentifier {
    let id = &object.execution_id;
    WorkflowExecutionIdentifier {
        project: id.project.clone(),
        domain: id.domain.clone(),
        name: id.name.clone(),
        org: String::new(),
    }
}

/// A refusal of a call that is no event: the round is tried again.
pub(crate) fn call_failed(status: &Status) -> RoundError {
    RoundError::System(format!("{:?}: {}", status.code(), status.message()))
}
