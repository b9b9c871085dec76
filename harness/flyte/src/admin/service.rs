//! The gRPC services. What is not here answers `UNIMPLEMENTED`.

use std::sync::Arc;

use futures::TryFutureExt;
use tonic::{Request, Response, Status, async_trait};

use super::error::AdminError;
use super::state::Admin;
use crate::proto::admin::*;
use crate::proto::core::{Identifier, ResourceType};
use crate::proto::service::admin_service_server::AdminService;
use crate::proto::service::data_proxy_service_server::DataProxyService;
use crate::proto::service::signal_service_server::SignalService;
use crate::proto::service::{
    CreateDownloadLinkRequest, CreateDownloadLinkResponse, CreateDownloadLocationRequest, CreateDownloadLocationResponse,
    CreateUploadLocationRequest, CreateUploadLocationResponse, GetDataRequest, GetDataResponse,
};
use crate::stores::{AttributeKey, ExecutionKey};

/// The services over one replica's state.
#[derive(Clone)]
pub(crate) struct Service(pub(crate) Arc<Admin>);

/// The full names of the services that are served.
pub(crate) const SERVICES: [&str; 3] = [
    "flyteidl.service.AdminService",
    "flyteidl.service.DataProxyService",
    "flyteidl.service.SignalService",
];

type Answer<T> = Result<Response<T>, Status>;

fn answer<T>(result: Result<T, AdminError>) -> Answer<T> {
    result.map(Response::new).map_err(Status::from)
}

async fn created(key: impl Future<Output = Result<ExecutionKey, AdminError>>) -> Result<ExecutionCreateResponse, AdminError> {
    Ok(ExecutionCreateResponse { id: Some(key.await?.id()) })
}

/// Methods of a service: those that do not wait for anything, those that do, and those that are not served, with grpc-go's words.
macro_rules! methods {
    (
        $service:ident;
        $($name:ident($request:ident: $input:ty) -> $output:ty { |$admin:ident| $body:expr })*
        $(@wait $waiting:ident($later:ident: $asked:ty) -> $given:ty { |$of:ident| $call:expr })*
        $(@missing $missing:ident, $method:literal: $in:ty, $out:ty;)*
    ) => {
        #[async_trait]
        impl $service for Service {
            $(async fn $name(&self, request: Request<$input>) -> Answer<$output> {
                let $admin = &*self.0;
                let $request = request.into_inner();
                answer($body)
            })*
            $(async fn $waiting(&self, request: Request<$asked>) -> Answer<$given> {
                let $of = &*self.0;
                let $later = request.into_inner();
                answer($call.await)
            })*
            $(async fn $missing(&self, _: Request<$in>) -> Answer<$out> {
                Err(Status::unimplemented(concat!("method ", $method, " not implemented")))
            })*
        }
    };
}

methods! {
    DataProxyService;
    create_upload_location(r: CreateUploadLocationRequest) -> CreateUploadLocationResponse { |admin| admin.upload_location(r) }
    create_download_location(r: CreateDownloadLocationRequest) -> CreateDownloadLocationResponse { |admin| admin.download_location(&r) }
    get_data(r: GetDataRequest) -> GetDataResponse { |admin| admin.data(&r.flyte_url) }
    @missing create_download_link, "CreateDownloadLink": CreateDownloadLinkRequest, CreateDownloadLinkResponse;
}

methods! {
    SignalService;
    get_or_create_signal(r: SignalGetOrCreateRequest) -> Signal { |admin| admin.get_or_create_signal(r) }
    list_signals(r: SignalListRequest) -> SignalList { |admin| admin.list_signals(&r) }
    set_signal(r: SignalSetRequest) -> SignalSetResponse { |admin| admin.set_signal(r).map(|()| SignalSetResponse {}) }
}

methods! {
    AdminService;
    create_task(r: TaskCreateRequest) -> TaskCreateResponse { |admin| admin.create_task(r).map(|()| TaskCreateResponse {}) }
    get_task(r: ObjectGetRequest) -> Task { |admin| admin.task(of_kind(r.id, ResourceType::Task).as_ref()) }
    list_tasks(r: ResourceListRequest) -> TaskList { |admin| admin.list_tasks(&r) }
    list_task_ids(r: NamedEntityIdentifierListRequest) -> NamedEntityIdentifierList {
        |admin| names(&r, admin.task_names(&r.project, &r.domain)?)
    }
    create_workflow(r: WorkflowCreateRequest) -> WorkflowCreateResponse {
        |admin| admin.create_workflow(r).map(|()| WorkflowCreateResponse {})
    }
    get_workflow(r: ObjectGetRequest) -> Workflow { |admin| admin.workflow(of_kind(r.id, ResourceType::Workflow).as_ref()) }
    list_workflows(r: ResourceListRequest) -> WorkflowList { |admin| admin.list_workflows(&r) }
    list_workflow_ids(r: NamedEntityIdentifierListRequest) -> NamedEntityIdentifierList {
        |admin| names(&r, admin.workflow_names(&r.project, &r.domain)?)
    }
    create_launch_plan(r: LaunchPlanCreateRequest) -> LaunchPlanCreateResponse {
        |admin| admin.create_launch_plan(r).map(|()| LaunchPlanCreateResponse {})
    }
    update_launch_plan(r: LaunchPlanUpdateRequest) -> LaunchPlanUpdateResponse {
        |admin| admin.update_launch_plan(of_kind(r.id, ResourceType::LaunchPlan).as_ref(), r.state).map(|()| LaunchPlanUpdateResponse {})
    }
    get_launch_plan(r: ObjectGetRequest) -> LaunchPlan {
        |admin| admin.launch_plan(of_kind(r.id, ResourceType::LaunchPlan).as_ref())
    }
    get_active_launch_plan(r: ActiveLaunchPlanRequest) -> LaunchPlan { |admin| admin.active_launch_plan(r.id.as_ref()) }
    list_active_launch_plans(r: ActiveLaunchPlanListRequest) -> LaunchPlanList { |admin| admin.list_active_launch_plans(&r) }
    list_launch_plans(r: ResourceListRequest) -> LaunchPlanList { |admin| admin.list_launch_plans(&r) }
    list_launch_plan_ids(r: NamedEntityIdentifierListRequest) -> NamedEntityIdentifierList {
        |admin| names(&r, admin.launch_plan_names(&r.project, &r.domain)?)
    }
    get_execution(r: WorkflowExecutionGetRequest) -> Execution { |admin| admin.execution(r.id.as_ref()) }
    list_executions(r: ResourceListRequest) -> ExecutionList { |admin| admin.list_executions(&r) }
    get_execution_data(r: WorkflowExecutionGetDataRequest) -> WorkflowExecutionGetDataResponse {
        |admin| admin.execution_data(r.id.as_ref())
    }
    list_node_executions(r: NodeExecutionListRequest) -> NodeExecutionList { |admin| admin.list_node_executions(&r) }
    get_node_execution(r: NodeExecutionGetRequest) -> NodeExecution { |admin| admin.node_execution(r.id.as_ref()) }
    get_dynamic_node_workflow(r: GetDynamicNodeWorkflowRequest) -> DynamicNodeWorkflowResponse {
        |admin| admin.dynamic_node_workflow(r.id.as_ref())
    }
    get_node_execution_data(r: NodeExecutionGetDataRequest) -> NodeExecutionGetDataResponse {
        |admin| admin.node_execution_data(r.id.as_ref())
    }
    list_task_executions(r: TaskExecutionListRequest) -> TaskExecutionList { |admin| admin.list_task_executions(&r) }
    get_task_execution(r: TaskExecutionGetRequest) -> TaskExecution { |admin| admin.task_execution(r.id.as_ref()) }
    get_task_execution_data(r: TaskExecutionGetDataRequest) -> TaskExecutionGetDataResponse {
        |admin| admin.task_execution_data(r.id.as_ref())
    }
    create_workflow_event(r: WorkflowExecutionEventRequest) -> WorkflowExecutionEventResponse {
        |admin| admin.workflow_event(r.event).map(|()| WorkflowExecutionEventResponse {})
    }
    create_node_event(r: NodeExecutionEventRequest) -> NodeExecutionEventResponse {
        |admin| admin.node_event(r.event).map(|()| NodeExecutionEventResponse {})
    }
    create_task_event(r: TaskExecutionEventRequest) -> TaskExecutionEventResponse {
        |admin| admin.task_event(r.event).map(|()| TaskExecutionEventResponse {})
    }
    register_project(r: ProjectRegisterRequest) -> ProjectRegisterResponse {
        |admin| admin.register_project(r.project).map(|()| ProjectRegisterResponse {})
    }
    update_project(r: Project) -> ProjectUpdateResponse { |admin| admin.update_project(r).map(|()| ProjectUpdateResponse {}) }
    get_project(r: ProjectGetRequest) -> Project { |admin| admin.project(&r.id) }
    list_projects(r: ProjectListRequest) -> Projects { |admin| admin.list_projects(&r) }
    get_domains(_r: GetDomainRequest) -> GetDomainsResponse { |admin| Ok(GetDomainsResponse { domains: admin.domains() }) }
    update_project_attributes(r: ProjectAttributesUpdateRequest) -> ProjectAttributesUpdateResponse {
        |admin| match r.attributes {
            None => Err(AdminError::missing("attributes")),
            Some(a) => admin.update_attributes(key(&a.project, "", "", 0), a.matching_attributes)
                .map(|()| ProjectAttributesUpdateResponse {}),
        }
    }
    get_project_attributes(r: ProjectAttributesGetRequest) -> ProjectAttributesGetResponse {
        |admin| admin.project_attributes(&key(&r.project, "", "", r.resource_type)).map(|value| ProjectAttributesGetResponse {
            attributes: Some(ProjectAttributes { project: r.project, matching_attributes: Some(value), org: String::new() }),
        })
    }
    delete_project_attributes(r: ProjectAttributesDeleteRequest) -> ProjectAttributesDeleteResponse {
        |admin| admin.delete_attributes(&key(&r.project, "", "", r.resource_type)).map(|()| ProjectAttributesDeleteResponse {})
    }
    update_project_domain_attributes(r: ProjectDomainAttributesUpdateRequest) -> ProjectDomainAttributesUpdateResponse {
        |admin| match r.attributes {
            None => Err(AdminError::missing("attributes")),
            Some(a) => required(&[("domain", &a.domain)])
                .and_then(|()| admin.update_attributes(key(&a.project, &a.domain, "", 0), a.matching_attributes))
                .map(|()| ProjectDomainAttributesUpdateResponse {}),
        }
    }
    get_project_domain_attributes(r: ProjectDomainAttributesGetRequest) -> ProjectDomainAttributesGetResponse {
        |admin| required(&[("domain", &r.domain)])
            .and_then(|()| admin.attributes(&key(&r.project, &r.domain, "", r.resource_type)))
            .map(|(row, value)| ProjectDomainAttributesGetResponse {
                attributes: Some(ProjectDomainAttributes {
                    project: row.project, domain: row.domain, matching_attributes: Some(value), org: String::new(),
                }),
            })
    }
    delete_project_domain_attributes(r: ProjectDomainAttributesDeleteRequest) -> ProjectDomainAttributesDeleteResponse {
        |admin| required(&[("domain", &r.domain)])
            .and_then(|()| admin.delete_attributes(&key(&r.project, &r.domain, "", r.resource_type)))
            .map(|()| ProjectDomainAttributesDeleteResponse {})
    }
    update_workflow_attributes(r: WorkflowAttributesUpdateRequest) -> WorkflowAttributesUpdateResponse {
        |admin| match r.attributes {
            None => Err(AdminError::missing("attributes")),
            Some(a) => required(&[("domain", &a.domain), ("name", &a.workflow)])
                .and_then(|()| admin.update_attributes(key(&a.project, &a.domain, &a.workflow, 0), a.matching_attributes))
                .map(|()| WorkflowAttributesUpdateResponse {}),
        }
    }
    get_workflow_attributes(r: WorkflowAttributesGetRequest) -> WorkflowAttributesGetResponse {
        |admin| required(&[("domain", &r.domain), ("name", &r.workflow)])
            .and_then(|()| admin.attributes(&key(&r.project, &r.domain, &r.workflow, r.resource_type)))
            .map(|(row, value)| WorkflowAttributesGetResponse {
                attributes: Some(WorkflowAttributes {
                    project: row.project, domain: row.domain, workflow: row.workflow,
                    matching_attributes: Some(value), org: String::new(),
                }),
            })
    }
    delete_workflow_attributes(r: WorkflowAttributesDeleteRequest) -> WorkflowAttributesDeleteResponse {
        |admin| required(&[("domain", &r.domain), ("name", &r.workflow)])
            .and_then(|()| admin.delete_attributes(&key(&r.project, &r.domain, &r.workflow, r.resource_type)))
            .map(|()| WorkflowAttributesDeleteResponse {})
    }
    list_matchable_attributes(r: ListMatchableAttributesRequest) -> ListMatchableAttributesResponse {
        |admin| Ok(ListMatchableAttributesResponse { configurations: admin.list_attributes(r.resource_type)? })
    }
    get_version(_r: GetVersionRequest) -> GetVersionResponse {
        |_admin| Ok(GetVersionResponse { control_plane_version: Some(version()) })
    }
    update_execution(r: ExecutionUpdateRequest) -> ExecutionUpdateResponse {
        |admin| admin.update_execution(&r).map(|()| ExecutionUpdateResponse {})
    }
    @wait create_execution(r: ExecutionCreateRequest) -> ExecutionCreateResponse { |admin| created(admin.create_execution(r)) }
    @wait relaunch_execution(r: ExecutionRelaunchRequest) -> ExecutionCreateResponse { |admin| created(admin.relaunch_execution(&r)) }
    @wait recover_execution(r: ExecutionRecoverRequest) -> ExecutionCreateResponse { |admin| created(admin.recover_execution(&r)) }
    @wait terminate_execution(r: ExecutionTerminateRequest) -> ExecutionTerminateResponse {
        |admin| admin.terminate_execution(&r).map_ok(|()| ExecutionTerminateResponse {})
    }
    @missing list_node_executions_for_task, "ListNodeExecutionsForTask": NodeExecutionForTaskListRequest, NodeExecutionList;
    @missing list_named_entities, "ListNamedEntities": NamedEntityListRequest, NamedEntityList;
    @missing get_named_entity, "GetNamedEntity": NamedEntityGetRequest, NamedEntity;
    @missing update_named_entity, "UpdateNamedEntity": NamedEntityUpdateRequest, NamedEntityUpdateResponse;
    @missing get_description_entity, "GetDescriptionEntity": ObjectGetRequest, DescriptionEntity;
    @missing list_description_entities, "ListDescriptionEntities": DescriptionEntityListRequest, DescriptionEntityList;
    @missing get_execution_metrics, "GetExecutionMetrics": WorkflowExecutionGetMetricsRequest, WorkflowExecutionGetMetricsResponse;
}

/// An identifier of the kind that the method is about, if it names none: paths of REST do not.
fn of_kind(id: Option<Identifier>, kind: ResourceType) -> Option<Identifier> {
    id.map(|mut id| {
        if id.resource_type == ResourceType::Unspecified as i32 {
            id.resource_type = kind as i32;
        }
        id
    })
}

fn key(project: &str, domain: &str, workflow: &str, resource: i32) -> AttributeKey {
    AttributeKey {
        project: project.to_owned(),
        domain: domain.to_owned(),
        workflow: workflow.to_owned(),
        resource,
    }
}

fn required(fields: &[(&str, &String)]) -> Result<(), AdminError> {
    match fields.iter().find(|(_, value)| value.is_empty()) {
        Some((name, _)) => Err(AdminError::missing(name)),
        None => Ok(()),
    }
}

fn names(request: &NamedEntityIdentifierListRequest, names: Vec<NamedEntityIdentifier>) -> Result<NamedEntityIdentifierList, AdminError> {
    let page = super::paging::page(names, request.limit, &request.token)?;
    Ok(NamedEntityIdentifierList {
        entities: page.items,
        token: page.token,
    })
}

/// The release whose behaviour this control plane follows; the build says that it is not that release.
fn version() -> Version {
    Version {
        build: "multiplane-reference".to_owned(),
        version: "v1.16.8".to_owned(),
        build_time: String::new(),
    }
}
