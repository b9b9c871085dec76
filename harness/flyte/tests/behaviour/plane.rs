//! A running flyteadmin, and what cases do with it.

use std::time::Duration;

use flyte::client::GrpcChannel;
use flyte::client::{Admin, channel};
use flyte::proto::admin::{
    Execution, ExecutionClusterLabel, ExecutionCreateRequest, ExecutionSpec, ExecutionTerminateRequest, Project, ProjectRegisterRequest,
    WorkflowExecutionEventRequest, WorkflowExecutionGetRequest,
};
use flyte::proto::core::workflow_execution::Phase;
use flyte::proto::core::{Identifier, ResourceType, WorkflowExecutionIdentifier};
use flyte::proto::event::WorkflowExecutionEvent;
use flyte::proto::service::admin_service_client::AdminServiceClient;
use flyte::workflow::WorkflowFile;
use serde_json::{Value, json};
use tonic::{Code, Status};

use super::bench::{Bench, HOME, Run, phase, public};

const WORKFLOWS: &str = include_str!("../../../../fixtures/workflows/training.yaml");
pub(crate) const PROJECT: &str = "team1";
pub(crate) const DOMAIN: &str = "development";

/// A flyteadmin that serves.
pub(crate) struct Plane {
    pub(crate) pod: String,
    pub(crate) client: AdminServiceClient<GrpcChannel>,
    admin: Admin,
}

/// What a submission asks for.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) task: bool,
    pub(crate) workflow: Option<&'static str>,
    pub(crate) label: Option<String>,
    pub(crate) pool: Option<String>,
}

/// Sections that every flyteadmin here has, and those of a case.
pub(crate) fn config(sections: &Value) -> Value {
    let mut config = json!({
        "database": {"host": "postgres", "port": 5432, "dbname": "flyteadmin"},
        "storage": {"type": "s3", "container": "bucket", "connection": {"region": "us-east-2", "auth-type": "iam"}},
        "flyteadmin": {"metadataStoragePrefix": ["metadata", "admin"], "eventVersion": 2},
        "server": {"httpPort": 8088, "grpc": {"port": 8089}},
    });
    config.as_object_mut().unwrap().extend(sections.as_object().unwrap().clone());
    config
}

/// The entry of one cluster.
pub(crate) fn entry(zone: &str) -> Value {
    json!({"name": zone, "endpoint": format!("https://{}:443", public(zone)), "enabled": true, "auth": {
        "tokenPath": format!("/var/run/credentials/{zone}_token"), "certPath": format!("/var/run/credentials/{zone}_cacert")}})
}

/// Section `clusters`: these clusters, each with a label: `label1` for the first, and so on.
pub(crate) fn clusters(zones: &[&str]) -> Value {
    let entries: Vec<Value> = zones.iter().map(|zone| entry(zone)).collect();
    let labels: serde_json::Map<_, _> = zones
        .iter()
        .enumerate()
        .map(|(index, zone)| (format!("label{}", index + 1), json!([{"id": zone, "weight": 1}])))
        .collect();
    json!({"clusters": {"clusterConfigs": entries, "labelClusterMap": labels}})
}

impl Bench {
    /// Starts flyteadmin with these sections and the data planes' good credentials.
    ///
    /// # Errors
    /// Its log, if it ends at once.
    pub(crate) async fn admin(&self, sections: &Value) -> Result<Plane, String> {
        self.admin_of(Run {
            config: config(sections),
            credentials: self.credentials.clone(),
            ..Run::default()
        })
        .await
    }

    pub(crate) async fn admin_of(&self, run: Run) -> Result<Plane, String> {
        let run = Run {
            command: vec!["serve"],
            ..run
        };
        let pod = self.run(HOME, "flyteadmin", &run).await;
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = self.pod(HOME, &pod).await;
            if phase(&now) == "Failed" {
                return Err(self.log(HOME, &pod).await);
            }
            let Some(address) = now.status.and_then(|status| status.pod_ip) else {
                continue;
            };
            if self.host().connect(&address, 8089).await.is_err() {
                continue;
            }
            let endpoint = format!("{address}:8089");
            let channel = channel(&self.host(), &endpoint, None, Duration::from_secs(120)).unwrap();
            return Ok(Plane {
                pod,
                client: AdminServiceClient::new(channel),
                admin: Admin::connect(&self.host(), &endpoint, None).unwrap(),
            });
        }
    }

    /// The same with the projects and workflows that cases use.
    pub(crate) async fn ready(&self, sections: &Value) -> Plane {
        let plane = self.admin(sections).await.unwrap();
        plane.project(PROJECT).await;
        plane.workflows(PROJECT, DOMAIN).await;
        plane
    }

    /// Ends flyteadmin and starts it with other sections, on the same database.
    pub(crate) async fn again(&self, plane: Plane, sections: &Value) -> Plane {
        self.stop(HOME, &plane.pod).await;
        self.admin(sections).await.unwrap()
    }
}

impl Plane {
    pub(crate) async fn project(&self, id: &str) {
        let project = Some(Project {
            id: id.to_owned(),
            name: id.to_owned(),
            ..Project::default()
        });
        self.client
            .clone()
            .register_project(ProjectRegisterRequest { project })
            .await
            .unwrap();
    }

    pub(crate) async fn workflows(&self, project: &str, domain: &str) {
        let file = WorkflowFile::parse(WORKFLOWS).unwrap();
        self.admin.register(&file, project, domain, "v1").await.unwrap();
    }

    /// Starts a run of a workflow.
    pub(crate) async fn start(&self, name: &str, workflow: &'static str) {
        let asked = Asked {
            name: name.to_owned(),
            workflow: Some(workflow),
            ..Asked::default()
        };
        self.submit(DOMAIN, &asked).await.unwrap();
    }

    /// Submits a run of a workflow without inputs, or of its task.
    pub(crate) async fn submit(&self, domain: &str, asked: &Asked) -> Result<WorkflowExecutionIdentifier, Status> {
        let (kind, name) = match asked.task {
            true => (ResourceType::Task, "example.flaky"),
            false => (ResourceType::LaunchPlan, asked.workflow.unwrap_or("example.flaky_workflow")),
        };
        let label = |value: &String| ExecutionClusterLabel { value: value.clone() };
        let pool = |name: &String| flyte::proto::admin::ClusterAssignment {
            cluster_pool_name: name.clone(),
        };
        let request = ExecutionCreateRequest {
            project: PROJECT.to_owned(),
            domain: domain.to_owned(),
            name: asked.name.clone(),
            spec: Some(ExecutionSpec {
                launch_plan: Some(Identifier {
                    resource_type: kind as i32,
                    project: PROJECT.to_owned(),
                    domain: domain.to_owned(),
                    name: name.to_owned(),
                    version: "v1".to_owned(),
                    org: String::new(),
                }),
                execution_cluster_label: asked.label.as_ref().map(label),
                cluster_assignment: asked.pool.as_ref().map(pool),
                ..ExecutionSpec::default()
            }),
            ..ExecutionCreateRequest::default()
        };
        let answer = self.client.clone().create_execution(request).await?;
        Ok(answer.into_inner().id.unwrap_or_default())
    }

    pub(crate) async fn event(&self, name: &str, phase: &str, producer: &str) -> Result<(), Status> {
        let event = WorkflowExecutionEvent {
            execution_id: Some(id(name)),
            producer_id: producer.to_owned(),
            phase: Phase::from_str_name(phase).unwrap() as i32,
            ..WorkflowExecutionEvent::default()
        };
        let request = WorkflowExecutionEventRequest {
            request_id: String::new(),
            event: Some(event),
        };
        self.client.clone().create_workflow_event(request).await.map(|_| ())
    }

    pub(crate) async fn terminate(&self, name: &str) -> Result<(), Status> {
        let request = ExecutionTerminateRequest {
            id: Some(id(name)),
            cause: "test".to_owned(),
        };
        self.client.clone().terminate_execution(request).await.map(|_| ())
    }

    /// A stored run, if there is one.
    pub(crate) async fn stored(&self, name: &str) -> Option<Execution> {
        let request = WorkflowExecutionGetRequest { id: Some(id(name)) };
        match self.client.clone().get_execution(request).await {
            Ok(execution) => Some(execution.into_inner()),
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => panic!("{status}"),
        }
    }

    /// Brings a new run of this name to a phase, by what its data plane and users would send.
    pub(crate) async fn bring(&self, name: &str, label: Option<String>, phase: &str, cluster: &str) {
        let asked = Asked {
            name: name.to_owned(),
            label,
            ..Asked::default()
        };
        self.submit(DOMAIN, &asked).await.unwrap();
        let sent: &[&str] = match phase {
            "UNDEFINED" => &[],
            "QUEUED" => &["QUEUED"],
            "RUNNING" => &["RUNNING"],
            "FAILING" => &["RUNNING", "FAILING"],
            "SUCCEEDED" => &["RUNNING", "SUCCEEDING", "SUCCEEDED"],
            "FAILED" => &["RUNNING", "FAILING", "FAILED"],
            "ABORTING" => &["RUNNING"],
            other => panic!("no way to phase {other}"),
        };
        for phase in sent {
            let producer = if *phase == "QUEUED" { cluster } else { "propeller" };
            self.event(name, phase, producer).await.unwrap();
        }
        if phase == "ABORTING" {
            self.terminate(name).await.unwrap();
        }
        let stored = self.stored(name).await.unwrap();
        assert_eq!(
            (phase_of(&stored), cluster_of(&stored)),
            (phase.to_owned(), cluster.to_owned()),
            "{name}"
        );
    }
}

pub(crate) fn id(name: &str) -> WorkflowExecutionIdentifier {
    WorkflowExecutionIdentifier {
        project: PROJECT.to_owned(),
        domain: DOMAIN.to_owned(),
        name: name.to_owned(),
        org: String::new(),
    }
}

pub(crate) fn phase_of(execution: &Execution) -> String {
    let phase = execution.closure.as_ref().map_or(0, |closure| closure.phase);
    Phase::try_from(phase).unwrap().as_str_name().to_owned()
}

pub(crate) fn cluster_of(execution: &Execution) -> String {
    let metadata = execution
        .spec
        .as_ref()
        .and_then(|spec| spec.metadata.as_ref()?.system_metadata.clone());
    metadata.unwrap_or_default().execution_cluster
}

/// The object of a run, for looking it up.
pub(crate) fn object(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "flyte.lyft.com/v1alpha1", "kind": "FlyteWorkflow", "metadata": {"name": name, "namespace": namespace}})
}

pub(crate) fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

/// A gRPC code as the table writes it.
pub(crate) fn code<T>(result: &Result<T, Status>) -> String {
    let code = result.as_ref().err().map_or(Code::Ok, Status::code);
    format!("{code:?}").replace("Ok", "OK")
}

pub(crate) fn message<T>(result: &Result<T, Status>) -> String {
    result.as_ref().err().map(|status| status.message().to_owned()).unwrap_or_default()
}
