//! Runs: reading, listing, terminating, starting again.

use prost::Message;

use super::error::AdminError;
use super::filter::Filters;
use super::paging::page;
use super::state::Admin;
use crate::crash::CrashPoint;
use crate::naming;
use crate::proto::admin::event_failure_reason::Reason;
use crate::proto::admin::execution_closure::OutputResult;
use crate::proto::admin::execution_metadata::ExecutionMode;
use crate::proto::admin::sort::Direction;
use crate::proto::admin::{
    AbortMetadata, EventErrorAlreadyInTerminalState, Execution, ExecutionCreateRequest, ExecutionList, ExecutionMetadata,
    ExecutionRecoverRequest, ExecutionRelaunchRequest, ExecutionStateChangeDetails, ExecutionTerminateRequest, ExecutionUpdateRequest,
    ResourceListRequest, WorkflowExecutionGetDataResponse,
};
use crate::proto::core::workflow_execution::Phase;
use crate::proto::core::{LiteralMap, WorkflowExecutionIdentifier};
use crate::stores::{ExecutionKey, ExecutionRow};

impl Admin {
    /// One run: `GetExecution`.
    pub(crate) fn execution(&self, id: Option<&WorkflowExecutionIdentifier>) -> Result<Execution, AdminError> {
        let (key, row) = self.execution_row(id)?;
        Ok(message(&key, &row))
    }

    pub(crate) fn execution_row(&self, id: Option<&WorkflowExecutionIdentifier>) -> Result<(ExecutionKey, ExecutionRow), AdminError> {
        let key = ExecutionKey::from(id.ok_or_else(|| AdminError::missing("id"))?);
        let row = self
            .database
            .read(|tables| tables.executions.get(&key).cloned())?
            .ok_or_else(|| not_found(&key))?;
        Ok((key, row))
    }

    /// Runs of a project and domain, the newest first: `ListExecutions`.
    pub(crate) fn list_executions(&self, request: &ResourceListRequest) -> Result<ExecutionList, AdminError> {
        let id = request.id.as_ref().ok_or_else(|| AdminError::missing("id"))?;
        let filters = Filters::parse(&request.filters)?;
        let sort = request.sort_by.clone().unwrap_or_default();
        if !["", "created_at", "execution_created_at", "name", "execution_name"].contains(&sort.key.as_str()) {
            return Err(AdminError::invalid(format!("invalid sort key {}", sort.key)));
        }
        let page = self.database.read(|tables| {
            let mut rows = Vec::new();
            for (key, row) in tables.executions.newest_first() {
                let in_scope = key.project == id.project && key.domain == id.domain && (id.name.is_empty() || key.name == id.name);
                if in_scope && filters.matches(|field| field_of(key, row, field))? {
                    rows.push((key, row));
                }
            }
            if sort.key.ends_with("name") {
                rows.sort_by_key(|(key, _)| std::cmp::Reverse(&key.name));
            }
            if request.sort_by.is_some() && sort.direction == Direction::Ascending as i32 {
                rows.reverse();
            }
            // Only what the page shows is copied: a list of many pages is asked for as often.
            Ok::<_, AdminError>(page(rows, request.limit, &request.token)?.map(|(key, row)| message(key, row)))
        })??;
        Ok(ExecutionList {
            executions: page.items,
            token: page.token,
        })
    }

    /// Inputs and outputs of a run: `GetExecutionData`.
    pub(crate) fn execution_data(&self, id: Option<&WorkflowExecutionIdentifier>) -> Result<WorkflowExecutionGetDataResponse, AdminError> {
        let (_, row) = self.execution_row(id)?;
        Ok(WorkflowExecutionGetDataResponse {
            full_inputs: Some(self.literals_if_there(&row.inputs_uri)),
            full_outputs: Some(self.literals_if_there(&row.outputs_uri)),
            ..WorkflowExecutionGetDataResponse::default()
        })
    }

    /// The literals behind a URI for an answer that is good without them: where data planes have object stores of their own, as the chart's
    /// defaults have it, nothing of theirs can be read here.
    pub(crate) fn literals_if_there(&self, uri: &str) -> LiteralMap {
        self.literals(uri).unwrap_or_default()
    }

    /// The literals behind a URI; none behind an empty one.
    pub(crate) fn literals(&self, uri: &str) -> Result<LiteralMap, AdminError> {
        if uri.is_empty() {
            return Ok(LiteralMap::default());
        }
        let uri = uri.parse().map_err(|error| AdminError::internal(format!("{error}")))?;
        let read = self.objects.get_uri(&uri);
        let Some(content) = read.map_err(|error| AdminError::internal(format!("failed to read data from {uri}: {error}")))? else {
            return Err(AdminError::not_found(format!("failed to read data from {uri}: not found")));
        };
        LiteralMap::decode(content).map_err(|error| AdminError::internal(format!("{uri}: {error}")))
    }

    /// Stops a run: the phase is stored first, then the object is deleted on the recorded cluster.
    pub(crate) async fn terminate_execution(&self, request: &ExecutionTerminateRequest) -> Result<(), AdminError> {
        let now = self.now();
        let id = request.id.as_ref().ok_or_else(|| AdminError::missing("id"))?;
        let key = ExecutionKey::from(id);
        let cluster = self.database.write(|tables| {
            let row = tables.executions.get_mut(&key).ok_or_else(|| not_found(&key))?;
            if terminal(row.closure.phase) {
                return Err(already_terminal(&key, row.closure.phase));
            }
            row.closure.phase = Phase::Aborting as i32;
            row.closure.updated_at = Some(now);
            row.closure.output_result = Some(OutputResult::AbortMetadata(AbortMetadata {
                cause: request.cause.clone(),
                principal: String::new(),
            }));
            Ok(row.cluster.clone())
        })?;
        self.at(CrashPoint::Aborting).await;
        let internal = |why: String| AdminError::internal(format!("failed to terminate execution: {why}"));
        let target = self.selector.lookup(Some(&cluster)).map_err(|error| internal(error.to_string()))?;
        let target = self
            .targets
            .get(&target.name)
            .ok_or_else(|| internal(format!("invalid cluster target {cluster}")))?;
        let namespace = naming::namespace(&self.config.namespace_template, &key.project, &key.domain);
        let deleted = target.delete(&namespace, &key.name).await;
        let there = deleted.map_err(|error| internal(error.to_string()))?;
        self.at(CrashPoint::ObjectDeleted).await;
        if there || !self.config.switches.abort_when_gone {
            return Ok(());
        }
        // Nobody is left to say that the run has ended.
        self.database.write(|tables| {
            let row = tables
                .executions
                .get_mut(&key)
                .filter(|row| row.closure.phase == Phase::Aborting as i32);
            if let Some(row) = row {
                row.closure.phase = Phase::Aborted as i32;
            }
            Ok(())
        })
    }

    /// Archives a run, or brings it back: `UpdateExecution`.
    pub(crate) fn update_execution(&self, request: &ExecutionUpdateRequest) -> Result<(), AdminError> {
        let now = self.now();
        let key = ExecutionKey::from(request.id.as_ref().ok_or_else(|| AdminError::missing("id"))?);
        self.database.write(|tables| {
            let row = tables.executions.get_mut(&key).ok_or_else(|| not_found(&key))?;
            row.closure.state_change_details = Some(ExecutionStateChangeDetails {
                state: request.state,
                occurred_at: Some(now),
                principal: String::new(),
            });
            Ok(())
        })
    }

    /// Runs the same again under a new name: `RelaunchExecution`. The label goes along, so does its absence.
    pub(crate) async fn relaunch_execution(&self, request: &ExecutionRelaunchRequest) -> Result<ExecutionKey, AdminError> {
        let mut again = self.repeat(request.id.as_ref(), &request.name, ExecutionMode::Relaunch)?;
        if let Some(spec) = &mut again.spec {
            spec.overwrite_cache |= request.overwrite_cache;
        }
        self.create_execution(again).await
    }

    /// Runs a failed run again: `RecoverExecution`. Its data plane takes over what ended well.
    pub(crate) async fn recover_execution(&self, request: &ExecutionRecoverRequest) -> Result<ExecutionKey, AdminError> {
        let mut again = self.repeat(request.id.as_ref(), &request.name, ExecutionMode::Recovered)?;
        // Where a node of a recovered run asks for it, that node is the parent.
        if let (Some(metadata), Some(given)) = (again.spec.as_mut().and_then(|spec| spec.metadata.as_mut()), &request.metadata) {
            metadata.parent_node_execution.clone_from(&given.parent_node_execution);
        }
        self.create_execution(again).await
    }

    fn repeat(
        &self,
        id: Option<&WorkflowExecutionIdentifier>,
        name: &str,
        mode: ExecutionMode,
    ) -> Result<ExecutionCreateRequest, AdminError> {
        let (key, row) = self.execution_row(id)?;
        if mode == ExecutionMode::Recovered && !terminal(row.closure.phase) {
            return Err(AdminError::invalid(format!(
                "execution [{}] is not in a terminal phase and cannot be recovered",
                key.name
            )));
        }
        let mut spec = row.spec;
        spec.metadata = Some(ExecutionMetadata {
            mode: mode as i32,
            reference_execution: Some(key.id()),
            principal: spec.metadata.map(|old| old.principal).unwrap_or_default(),
            ..ExecutionMetadata::default()
        });
        Ok(ExecutionCreateRequest {
            project: key.project,
            domain: key.domain,
            name: name.to_owned(),
            spec: Some(spec),
            inputs: Some(self.literals(&row.inputs_uri)?),
            org: String::new(),
        })
    }
}

/// Whether a run with this phase has ended.
pub(crate) fn terminal(phase: i32) -> bool {
    [Phase::Succeeded, Phase::Failed, Phase::TimedOut, Phase::Aborted]
        .iter()
        .any(|terminal| *terminal as i32 == phase)
}

pub(crate) fn already_terminal(key: &ExecutionKey, phase: i32) -> AdminError {
    let current_phase = phase_name(phase);
    AdminError::precondition(
        format!("execution [{}] is already in terminal state {current_phase}", key.name),
        Some(Reason::AlreadyInTerminalState(EventErrorAlreadyInTerminalState {
            current_phase: current_phase.to_owned(),
        })),
    )
}

pub(crate) fn phase_name(phase: i32) -> &'static str {
    Phase::try_from(phase).map_or("UNDEFINED", |phase| phase.as_str_name())
}

pub(crate) fn not_found(key: &ExecutionKey) -> AdminError {
    AdminError::not_found(format!(
        "missing entity of type execution with identifier project:\"{}\" domain:\"{}\" name:\"{}\"",
        key.project, key.domain, key.name
    ))
}

fn message(key: &ExecutionKey, row: &ExecutionRow) -> Execution {
    Execution {
        id: Some(key.id()),
        spec: Some(row.spec.clone()),
        closure: Some(row.closure.clone()),
    }
}

fn field_of(key: &ExecutionKey, row: &ExecutionRow, field: &str) -> Option<String> {
    let plan = row.spec.launch_plan.clone().unwrap_or_default();
    let workflow = row.closure.workflow_id.clone().unwrap_or_default();
    Some(match field {
        "project" | "execution_project" => key.project.clone(),
        "domain" | "execution_domain" => key.domain.clone(),
        "name" | "execution_name" => key.name.clone(),
        "cluster" => row.cluster.clone(),
        "phase" => phase_name(row.closure.phase).to_owned(),
        "launch_plan" => plan.name,
        "workflow" => workflow.name,
        _ => return None,
    })
}
