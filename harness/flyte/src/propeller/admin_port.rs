//! The control plane as a data plane uses it.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tonic::{Code, Status};

use super::retry::Retry;
use crate::client::GrpcChannel;
use crate::proto::admin::{
    Execution, ExecutionCreateRequest, ExecutionRecoverRequest, ExecutionTerminateRequest, NodeExecution, NodeExecutionEventRequest,
    NodeExecutionGetDataRequest, NodeExecutionGetDataResponse, NodeExecutionGetRequest, Signal, SignalGetOrCreateRequest,
    TaskExecutionEventRequest, WorkflowExecutionEventRequest, WorkflowExecutionGetDataRequest, WorkflowExecutionGetRequest,
};
use crate::proto::core::{LiteralMap, NodeExecutionIdentifier, WorkflowExecutionIdentifier};
use crate::proto::event::{NodeExecutionEvent, TaskExecutionEvent, WorkflowExecutionEvent};
use crate::proto::service::admin_service_client::AdminServiceClient;
use crate::proto::service::signal_service_client::SignalServiceClient;

/// Calls that a data plane makes.
pub(crate) trait AdminPort: Send + Sync {
    fn workflow_event(&self, event: WorkflowExecutionEvent) -> BoxFuture<'_, Result<(), Status>>;
    fn node_event(&self, event: NodeExecutionEvent) -> BoxFuture<'_, Result<(), Status>>;
    fn task_event(&self, event: TaskExecutionEvent) -> BoxFuture<'_, Result<(), Status>>;
    fn create_execution(&self, request: ExecutionCreateRequest) -> BoxFuture<'_, Result<(), Status>>;
    fn recover_execution(&self, request: ExecutionRecoverRequest) -> BoxFuture<'_, Result<(), Status>>;
    fn execution(&self, id: WorkflowExecutionIdentifier) -> BoxFuture<'_, Result<Execution, Status>>;
    fn outputs(&self, id: WorkflowExecutionIdentifier) -> BoxFuture<'_, Result<LiteralMap, Status>>;
    fn terminate(&self, id: WorkflowExecutionIdentifier, cause: String) -> BoxFuture<'_, Result<(), Status>>;
    fn signal(&self, request: SignalGetOrCreateRequest) -> BoxFuture<'_, Result<Signal, Status>>;
    fn node(&self, id: NodeExecutionIdentifier) -> BoxFuture<'_, Result<NodeExecution, Status>>;
    fn node_data(&self, id: NodeExecutionIdentifier) -> BoxFuture<'_, Result<NodeExecutionGetDataResponse, Status>>;
}

/// How calls are tried.
const RETRY: Retry = Retry {
    tries: 6,
    pause: Duration::from_millis(100),
    codes: &[Code::Unavailable],
};
/// Largest message, in bytes.
const MESSAGE_MAX: usize = 64 << 20;

/// The control plane over gRPC.
pub(crate) struct GrpcAdmin {
    client: AdminServiceClient<GrpcChannel>,
    signals: SignalServiceClient<GrpcChannel>,
}

impl GrpcAdmin {
    pub(crate) fn new(channel: GrpcChannel) -> Self {
        Self {
            signals: SignalServiceClient::new(channel.clone()),
            client: AdminServiceClient::new(channel).max_decoding_message_size(MESSAGE_MAX),
        }
    }
}

/// One call with its retries.
macro_rules! call {
    ($self:ident.$method:ident($request:expr)) => {
        call!($self.client.$method($request))
    };
    ($self:ident.$client:ident.$method:ident($request:expr)) => {{
        let request = $request;
        let call = || {
            let (mut client, request) = ($self.$client.clone(), request.clone());
            async move { client.$method(request).await }
        };
        RETRY.call(call).await
    }};
}

impl AdminPort for GrpcAdmin {
    fn workflow_event(&self, event: WorkflowExecutionEvent) -> BoxFuture<'_, Result<(), Status>> {
        async move {
            let request = WorkflowExecutionEventRequest {
                request_id: String::new(),
                event: Some(event),
            };
            call!(self.create_workflow_event(request)).map(|_| ())
        }
        .boxed()
    }

    fn node_event(&self, event: NodeExecutionEvent) -> BoxFuture<'_, Result<(), Status>> {
        async move {
            let request = NodeExecutionEventRequest {
                request_id: String::new(),
                event: Some(event),
            };
            call!(self.create_node_event(request)).map(|_| ())
        }
        .boxed()
    }

    fn task_event(&self, event: TaskExecutionEvent) -> BoxFuture<'_, Result<(), Status>> {
        async move {
            let request = TaskExecutionEventRequest {
                request_id: String::new(),
                event: Some(event),
            };
            call!(self.create_task_event(request)).map(|_| ())
        }
        .boxed()
    }

    fn create_execution(&self, request: ExecutionCreateRequest) -> BoxFuture<'_, Result<(), Status>> {
        async move { call!(self.create_execution(request)).map(|_| ()) }.boxed()
    }

    fn recover_execution(&self, request: ExecutionRecoverRequest) -> BoxFuture<'_, Result<(), Status>> {
        async move { call!(self.recover_execution(request)).map(|_| ()) }.boxed()
    }

    fn execution(&self, id: WorkflowExecutionIdentifier) -> BoxFuture<'_, Result<Execution, Status>> {
        async move { call!(self.get_execution(WorkflowExecutionGetRequest { id: Some(id) })) }.boxed()
    }

    fn outputs(&self, id: WorkflowExecutionIdentifier) -> BoxFuture<'_, Result<LiteralMap, Status>> {
        async move {
            call!(self.get_execution_data(WorkflowExecutionGetDataRequest { id: Some(id) }))
                .map(|data| data.full_outputs.unwrap_or_default())
        }
        .boxed()
    }

    fn terminate(&self, id: WorkflowExecutionIdentifier, cause: String) -> BoxFuture<'_, Result<(), Status>> {
        async move {
            let request = ExecutionTerminateRequest { id: Some(id), cause };
            call!(self.terminate_execution(request)).map(|_| ())
        }
        .boxed()
    }

    fn signal(&self, request: SignalGetOrCreateRequest) -> BoxFuture<'_, Result<Signal, Status>> {
        async move { call!(self.signals.get_or_create_signal(request)) }.boxed()
    }

    fn node(&self, id: NodeExecutionIdentifier) -> BoxFuture<'_, Result<NodeExecution, Status>> {
        async move { call!(self.get_node_execution(NodeExecutionGetRequest { id: Some(id) })) }.boxed()
    }

    fn node_data(&self, id: NodeExecutionIdentifier) -> BoxFuture<'_, Result<NodeExecutionGetDataResponse, Status>> {
        async move { call!(self.get_node_execution_data(NodeExecutionGetDataRequest { id: Some(id) })) }.boxed()
    }
}
