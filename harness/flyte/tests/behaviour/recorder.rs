//! A control plane in front of another: it notes what a data plane sends, and passes it on or refuses it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use flyte::client::GrpcChannel;
use flyte::proto::admin::*;
use flyte::proto::core::workflow_execution::Phase;
use flyte::proto::service::admin_service_client::AdminServiceClient;
use flyte::proto::service::admin_service_server::{AdminService, AdminServiceServer};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use simnet::Host;
use tonic::service::Routes;
use tonic::{Request, Response, Status, async_trait};

/// The port that it serves on.
pub(crate) const PORT: u16 = 81;

#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    behind: Option<AdminServiceClient<GrpcChannel>>,
    /// What events of runs are refused with.
    refusal: Option<Status>,
    /// Phases of workflow events that were accepted, in order.
    accepted: Vec<String>,
    /// All that came, also those that were refused.
    sent: Vec<String>,
}

impl Recorder {
    pub(crate) fn pass_on(&self, client: AdminServiceClient<GrpcChannel>) {
        self.0.lock().unwrap().behind = Some(client);
    }

    pub(crate) fn refuse(&self, status: Option<Status>) {
        self.0.lock().unwrap().refusal = status;
    }

    pub(crate) fn accepted(&self) -> Vec<String> {
        self.0.lock().unwrap().accepted.clone()
    }

    pub(crate) fn sent(&self) -> Vec<String> {
        self.0.lock().unwrap().sent.clone()
    }

    /// Serves on a host's port, for ever.
    pub(crate) async fn serve(&self, host: &Host) {
        let mut listener = host.listen(PORT).await.unwrap();
        let routes = Routes::new(AdminServiceServer::new(self.clone())).prepare();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(routes.clone());
                tokio::spawn(async move {
                    let _ = Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                    Ok::<_, Infallible>(())
                });
            }
        });
    }

    fn behind(&self) -> Option<AdminServiceClient<GrpcChannel>> {
        self.0.lock().unwrap().behind.clone()
    }

    fn refusal(&self) -> Option<Status> {
        self.0.lock().unwrap().refusal.clone()
    }
}

#[async_trait]
impl AdminService for Recorder {
    async fn create_workflow_event(
        &self,
        request: Request<WorkflowExecutionEventRequest>,
    ) -> Result<Response<WorkflowExecutionEventResponse>, Status> {
        let phase = request.get_ref().event.as_ref().map_or(0, |event| event.phase);
        let phase = Phase::try_from(phase).unwrap().as_str_name().to_owned();
        self.0.lock().unwrap().sent.push(phase.clone());
        if let Some(refusal) = self.refusal() {
            return Err(refusal);
        }
        let answer = match self.behind() {
            Some(mut client) => client.create_workflow_event(request.into_inner()).await?,
            None => Response::new(WorkflowExecutionEventResponse {}),
        };
        self.0.lock().unwrap().accepted.push(phase);
        Ok(answer)
    }

    async fn create_node_event(&self, request: Request<NodeExecutionEventRequest>) -> Result<Response<NodeExecutionEventResponse>, Status> {
        match (self.refusal(), self.behind()) {
            (Some(refusal), _) => Err(refusal),
            (None, Some(mut client)) => client.create_node_event(request.into_inner()).await,
            (None, None) => Ok(Response::new(NodeExecutionEventResponse {})),
        }
    }

    async fn create_task_event(&self, request: Request<TaskExecutionEventRequest>) -> Result<Response<TaskExecutionEventResponse>, Status> {
        match (self.refusal(), self.behind()) {
            (Some(refusal), _) => Err(refusal),
            (None, Some(mut client)) => client.create_task_event(request.into_inner()).await,
            (None, None) => Ok(Response::new(TaskExecutionEventResponse {})),
        }
    }
}
