//! Reading nodes and tasks of runs.

use super::error::AdminError;
use super::executions;
use super::filter::Filters;
use super::paging::page;
use super::state::Admin;
use crate::proto::admin::{
    DynamicNodeWorkflowResponse, NodeExecution, NodeExecutionGetDataResponse, NodeExecutionList, NodeExecutionListRequest, TaskExecution,
    TaskExecutionGetDataResponse, TaskExecutionList, TaskExecutionListRequest,
};
use crate::proto::core::{NodeExecutionIdentifier, TaskExecutionIdentifier};
use crate::stores::{EntityKey, ExecutionKey, NodeKey, NodeRow, TaskKey, TaskRow};

impl Admin {
    /// Nodes of a run at its top, or inside one of its nodes: `ListNodeExecutions`.
    pub(crate) fn list_node_executions(&self, request: &NodeExecutionListRequest) -> Result<NodeExecutionList, AdminError> {
        let id = request
            .workflow_execution_id
            .as_ref()
            .ok_or_else(|| AdminError::missing("workflow_execution_id"))?;
        let execution = ExecutionKey::from(id);
        let filters = Filters::parse(&request.filters)?;
        let first = NodeKey {
            execution: execution.clone(),
            node: String::new(),
        };
        let mut nodes = Vec::new();
        self.database.read(|tables| {
            if tables.executions.get(&execution).is_none() {
                return Err(executions::not_found(&execution));
            }
            let rows = tables.nodes.iter_from(&first);
            for (key, row) in rows.take_while(|(key, _)| key.execution == execution) {
                let shown = row.parent == request.unique_parent_id;
                if shown && filters.matches(|field| node_field(key, row, field))? {
                    nodes.push(row.message.clone());
                }
            }
            Ok(())
        })??;
        let page = page(nodes, request.limit, &request.token)?;
        Ok(NodeExecutionList {
            node_executions: page.items,
            token: page.token,
        })
    }

    /// One node: `GetNodeExecution`.
    pub(crate) fn node_execution(&self, id: Option<&NodeExecutionIdentifier>) -> Result<NodeExecution, AdminError> {
        Ok(self.node_row(id)?.message)
    }

    /// Inputs and outputs of a node: `GetNodeExecutionData`.
    pub(crate) fn node_execution_data(&self, id: Option<&NodeExecutionIdentifier>) -> Result<NodeExecutionGetDataResponse, AdminError> {
        let row = self.node_row(id)?;
        Ok(NodeExecutionGetDataResponse {
            full_inputs: Some(self.literals_if_there(&row.message.input_uri)),
            full_outputs: Some(self.literals_if_there(&row.outputs_uri)),
            dynamic_workflow: row.dynamic,
            ..NodeExecutionGetDataResponse::default()
        })
    }

    /// The workflow that a node's task wrote: `GetDynamicNodeWorkflow`.
    pub(crate) fn dynamic_node_workflow(&self, id: Option<&NodeExecutionIdentifier>) -> Result<DynamicNodeWorkflowResponse, AdminError> {
        let row = self.node_row(id)?;
        let node = id.map_or("", |id| &id.node_id);
        let dynamic = row
            .dynamic
            .ok_or_else(|| AdminError::not_found(format!("node [{node}] has no dynamic workflow")))?;
        Ok(DynamicNodeWorkflowResponse {
            compiled_workflow: dynamic.compiled_workflow,
        })
    }

    /// Attempts of a node's task: `ListTaskExecutions`.
    pub(crate) fn list_task_executions(&self, request: &TaskExecutionListRequest) -> Result<TaskExecutionList, AdminError> {
        let node = node_key(request.node_execution_id.as_ref())?;
        let filters = Filters::parse(&request.filters)?;
        if !filters.is_empty() {
            return Err(AdminError::invalid("filters of task executions are not supported"));
        }
        let rows = self.database.read(|tables| {
            let rows = tables.task_executions.iter();
            rows.filter(|(key, _)| key.node == node)
                .map(|(_, row)| row.message.clone())
                .collect()
        })?;
        let page = page(rows, request.limit, &request.token)?;
        Ok(TaskExecutionList {
            task_executions: page.items,
            token: page.token,
        })
    }

    /// One attempt: `GetTaskExecution`.
    pub(crate) fn task_execution(&self, id: Option<&TaskExecutionIdentifier>) -> Result<TaskExecution, AdminError> {
        Ok(self.task_row(id)?.message)
    }

    /// Inputs and outputs of an attempt: `GetTaskExecutionData`.
    pub(crate) fn task_execution_data(&self, id: Option<&TaskExecutionIdentifier>) -> Result<TaskExecutionGetDataResponse, AdminError> {
        let row = self.task_row(id)?;
        Ok(TaskExecutionGetDataResponse {
            full_inputs: Some(self.literals_if_there(&row.message.input_uri)),
            full_outputs: Some(self.literals_if_there(&row.outputs_uri)),
            ..TaskExecutionGetDataResponse::default()
        })
    }

    fn node_row(&self, id: Option<&NodeExecutionIdentifier>) -> Result<NodeRow, AdminError> {
        let key = node_key(id)?;
        self.database
            .read(|tables| tables.nodes.get(&key).cloned())?
            .ok_or_else(|| AdminError::not_found(format!("missing node execution [{}]", key.node)))
    }

    fn task_row(&self, id: Option<&TaskExecutionIdentifier>) -> Result<TaskRow, AdminError> {
        let id = id.ok_or_else(|| AdminError::missing("id"))?;
        let task = id.task_id.as_ref().ok_or_else(|| AdminError::missing("task_id"))?;
        let key = TaskKey {
            node: node_key(id.node_execution_id.as_ref())?,
            task: EntityKey::from(task),
            attempt: id.retry_attempt,
        };
        self.database
            .read(|tables| tables.task_executions.get(&key).cloned())?
            .ok_or_else(|| AdminError::not_found(format!("missing task execution [{}]", task.name)))
    }
}

fn node_key(id: Option<&NodeExecutionIdentifier>) -> Result<NodeKey, AdminError> {
    let id = id.ok_or_else(|| AdminError::missing("node_execution_id"))?;
    let execution = id
        .execution_id
        .as_ref()
        .ok_or_else(|| AdminError::missing("node_execution_id.execution_id"))?;
    Ok(NodeKey {
        execution: execution.into(),
        node: id.node_id.clone(),
    })
}

fn node_field(key: &NodeKey, row: &NodeRow, field: &str) -> Option<String> {
    match field {
        "node_id" => Some(key.node.clone()),
        "phase" => {
            let phase = row.message.closure.as_ref().map_or(0, |closure| closure.phase);
            let phase = crate::proto::core::node_execution::Phase::try_from(phase).ok()?;
            Some(phase.as_str_name().to_owned())
        }
        _ => None,
    }
}
