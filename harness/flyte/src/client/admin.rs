//! Calls on projects, workflows and executions.

use std::time::Duration;

use simnet::Host;
use tonic::Code;

use super::{ChannelError, ClientError, Execution, GrpcChannel, channel};
use crate::crd::ExecutionId;
use crate::proto::admin::project::ProjectState;
use crate::proto::admin::{
    ExecutionRecoverRequest, ExecutionRelaunchRequest, ExecutionTerminateRequest, GetDomainRequest, LaunchPlanState,
    LaunchPlanUpdateRequest, NamedEntityIdentifier, Project, ProjectListRequest, ProjectRegisterRequest, ResourceListRequest,
    WorkflowExecutionGetRequest,
};
use crate::proto::service::admin_service_client::AdminServiceClient;
use crate::workflow::{Registration, WorkflowFile};

/// Limit of one call.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause between two looks at an execution: the API has no watch.
const POLL: Duration = Duration::from_secs(1);
/// Executions on one page of a list. Each page is found by counting the rows before it, so there should be few.
const PAGE: u32 = 500;

/// A client of a control plane. Clones share the connection.
#[derive(Clone)]
pub struct Admin {
    pub(super) client: AdminServiceClient<GrpcChannel>,
}

impl Admin {
    /// A client on `host` of the control plane at `endpoint` (`host:port`): in the clear, or encrypted with the trusted
    /// certificates in `trust` (PEM). It connects at the first call.
    ///
    /// # Errors
    /// [`ChannelError`] if the endpoint or the certificates cannot be read.
    pub fn connect(host: &Host, endpoint: &str, trust: Option<&str>) -> Result<Self, ChannelError> {
        let channel = channel(host, endpoint, trust, CALL_TIMEOUT)?;
        Ok(Self {
            client: AdminServiceClient::new(channel),
        })
    }

    /// Registers a project.
    ///
    /// # Errors
    /// As the control plane's; `AlreadyExists` for a second registration.
    pub async fn register_project(&self, id: &str, name: &str, description: &str) -> Result<(), ClientError> {
        let project = Project {
            id: id.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            ..Project::default()
        };
        let request = ProjectRegisterRequest { project: Some(project) };
        self.client.clone().register_project(request).await?;
        Ok(())
    }

    /// Archives a project: it takes no executions any more.
    ///
    /// # Errors
    /// As the control plane's.
    pub async fn archive_project(&self, id: &str) -> Result<(), ClientError> {
        let project = Project {
            id: id.to_owned(),
            state: ProjectState::Archived as i32,
            ..Project::default()
        };
        self.client.clone().update_project(project).await?;
        Ok(())
    }

    /// Ids of the projects that are not archived, the newest first.
    ///
    /// # Errors
    /// As the control plane's.
    pub async fn projects(&self) -> Result<Vec<String>, ClientError> {
        let mut ids = Vec::new();
        let mut token = String::new();
        loop {
            let request = ProjectListRequest {
                limit: PAGE,
                token,
                ..ProjectListRequest::default()
            };
            let page = self.client.clone().list_projects(request).await?.into_inner();
            ids.extend(page.projects.into_iter().map(|project| project.id));
            token = page.token;
            if token.is_empty() {
                return Ok(ids);
            }
        }
    }

    /// Ids of the domains.
    ///
    /// # Errors
    /// As the control plane's.
    pub async fn domains(&self) -> Result<Vec<String>, ClientError> {
        let answer = self.client.clone().get_domains(GetDomainRequest {}).await?.into_inner();
        Ok(answer.domains.into_iter().map(|domain| domain.id).collect())
    }

    /// Registers everything in a workflow file, and activates its launch plans. What is there already with the same
    /// content stays.
    ///
    /// # Errors
    /// If the file does not hold together, or as the control plane's.
    pub async fn register(&self, file: &WorkflowFile, project: &str, domain: &str, version: &str) -> Result<(), ClientError> {
        let mut client = self.client.clone();
        for registration in file.registrations(project, domain, version)? {
            match registration {
                Registration::Task(request) => unless_there(client.create_task(request).await)?,
                Registration::Workflow(request) => unless_there(client.create_workflow(request).await)?,
                Registration::LaunchPlan(request) => {
                    let id = request.id.clone();
                    unless_there(client.create_launch_plan(request).await)?;
                    let state = LaunchPlanState::Active as i32;
                    client.update_launch_plan(LaunchPlanUpdateRequest { id, state }).await?;
                }
            }
        }
        Ok(())
    }

    /// One execution.
    ///
    /// # Errors
    /// As the control plane's; `NotFound` if there is none.
    pub async fn execution(&self, id: &ExecutionId) -> Result<Execution, ClientError> {
        let request = WorkflowExecutionGetRequest { id: Some(id.into()) };
        let answer = self.client.clone().get_execution(request).await?;
        Ok(answer.into_inner().into())
    }

    /// Executions of a project and domain, the newest first. `filters` in the API's own notation, e.g.
    /// `eq(cluster,dataplane_1)`; empty for all.
    ///
    /// # Errors
    /// As the control plane's.
    pub async fn executions(&self, project: &str, domain: &str, filters: &str) -> Result<Vec<Execution>, ClientError> {
        let mut executions = Vec::new();
        let mut token = String::new();
        loop {
            let request = ResourceListRequest {
                id: Some(NamedEntityIdentifier {
                    project: project.to_owned(),
                    domain: domain.to_owned(),
                    ..NamedEntityIdentifier::default()
                }),
                limit: PAGE,
                token,
                filters: filters.to_owned(),
                sort_by: None,
            };
            let page = self.client.clone().list_executions(request).await?.into_inner();
            executions.extend(page.executions.into_iter().map(Execution::from));
            token = page.token;
            if token.is_empty() {
                return Ok(executions);
            }
        }
    }

    /// Waits until an execution is as wanted, looking once a second. It waits for ever: limit it from outside.
    ///
    /// # Errors
    /// As the control plane's. While it cannot be reached, this waits on.
    pub async fn wait(&self, id: &ExecutionId, wanted: impl Fn(&Execution) -> bool) -> Result<Execution, ClientError> {
        loop {
            match self.execution(id).await {
                Ok(execution) if wanted(&execution) => return Ok(execution),
                Err(error) if error.code() != Some(Code::Unavailable) => return Err(error),
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Stops an execution.
    ///
    /// # Errors
    /// As the control plane's. `Internal` leaves the execution aborting; the call may be repeated then.
    pub async fn terminate(&self, id: &ExecutionId, cause: &str) -> Result<(), ClientError> {
        let request = ExecutionTerminateRequest {
            id: Some(id.into()),
            cause: cause.to_owned(),
        };
        self.client.clone().terminate_execution(request).await?;
        Ok(())
    }

    /// Runs an execution's work again under a new name; an empty one is made up.
    ///
    /// # Errors
    /// As the control plane's.
    pub async fn relaunch(&self, id: &ExecutionId, name: &str) -> Result<ExecutionId, ClientError> {
        let request = ExecutionRelaunchRequest {
            id: Some(id.into()),
            name: name.to_owned(),
            overwrite_cache: false,
        };
        let answer = self.client.clone().relaunch_execution(request).await?.into_inner();
        Ok(answer.id.unwrap_or_default().into())
    }

    /// Runs an ended execution's work again, as its recovery; an empty name is made up.
    ///
    /// # Errors
    /// As the control plane's.
    pub async fn recover(&self, id: &ExecutionId, name: &str) -> Result<ExecutionId, ClientError> {
        let request = ExecutionRecoverRequest {
            id: Some(id.into()),
            name: name.to_owned(),
            metadata: None,
        };
        let answer = self.client.clone().recover_execution(request).await?.into_inner();
        Ok(answer.id.unwrap_or_default().into())
    }
}

/// A registration of what is there already changes nothing.
fn unless_there<T>(result: Result<tonic::Response<T>, tonic::Status>) -> Result<(), ClientError> {
    match result {
        Err(status) if status.code() == Code::AlreadyExists => Ok(()),
        result => Ok(result.map(|_| ())?),
    }
}
