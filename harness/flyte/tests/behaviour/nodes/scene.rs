//! A control plane and a data plane, and workflows of one task.

use std::time::Duration;

use flyte::client::{GrpcChannel, channel};
use flyte::proto::admin::{
    Execution, ExecutionCreateRequest, ExecutionSpec, LaunchPlanCreateRequest, LaunchPlanSpec, NodeExecution, NodeExecutionListRequest,
    TaskCreateRequest, TaskSpec, WorkflowCreateRequest, WorkflowExecutionGetDataRequest, WorkflowExecutionGetRequest, WorkflowSpec,
    execution_closure::OutputResult,
};
use flyte::proto::core::{
    self, BindingData, Literal, LiteralType, Node, Parameter, ParameterMap, ResourceType, TaskTemplate, TypedInterface, WorkflowTemplate,
};
use flyte::proto::service::signal_service_client::SignalServiceClient;
use serde_json::json;

use super::super::bench::{Bench, HOME, Run};
use super::super::plane::{DOMAIN, PROJECT, Plane, clusters, id, namespace, phase_of};

use super::build::{binding, identifier, map, variable, variables};

pub(super) const ZONE: &str = "dataplane_1";
/// The node that runs after a failure, among those that are registered.
pub(super) const AFTER_FAILURE: &str = "fn0";

/// A control plane and a data plane.
pub(super) struct Scene {
    pub(super) bench: Bench,
    /// The data plane's pod.
    pub(super) propeller: String,
    pub(super) plane: Plane,
    /// The catalog's pod.
    pub(super) catalog: String,
    pub(super) signals: SignalServiceClient<GrpcChannel>,
}

impl Scene {
    pub(super) async fn start() -> Self {
        let mut bench = Bench::start(&[ZONE]).await;
        bench.node(ZONE).await;
        bench.make(ZONE, namespace("team1-development")).await;
        let plane = bench.ready(&clusters(&[ZONE])).await;
        let pod = bench.pod(HOME, &plane.pod).await;
        let address = pod.status.and_then(|status| status.pod_ip).unwrap();
        let endpoint = format!("{address}:8089");
        bench.network.name("flyteadmin.example", HOME, &address);
        let catalog = bench.catalog().await;
        let config = json!({
            "admin": {"endpoint": "flyteadmin.example:8089", "insecure": true},
            "catalog-cache": {"type": "datacatalog", "endpoint": "datacatalog.example:8089", "insecure": true, "max-cache-age": "24h"},
            "storage": {"type": "s3", "container": "bucket", "connection": {"region": "us-east-2", "auth-type": "iam"}},
            "propeller": {"limit-namespace": "all", "metadata-prefix": "metadata/propeller", "rawoutput-prefix": "s3://raw/"},
            "plugins": {"k8s": {
                "interruptible-tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
                "interruptible-node-selector": {"example.com/spot": "true"},
            }},
        });
        let propeller = bench.run(ZONE, "flytepropeller", &Run { config, ..Run::default() }).await;
        let channel = channel(&bench.host(), &endpoint, None, Duration::from_secs(120)).unwrap();
        Self {
            bench,
            propeller,
            plane,
            catalog,
            signals: SignalServiceClient::new(channel),
        }
    }

    /// Registers a workflow with one input and one output, and the task that its nodes run.
    pub(super) async fn register(
        &self,
        name: &str,
        input: (&str, LiteralType),
        output: (LiteralType, BindingData),
        nodes: Vec<Node>,
        task: TaskTemplate,
    ) {
        let mut client = self.plane.client.clone();
        let spec = Some(TaskSpec {
            template: Some(task.clone()),
            ..TaskSpec::default()
        });
        client.create_task(TaskCreateRequest { id: task.id, spec }).await.unwrap();
        let workflow = identifier(ResourceType::Workflow, name);
        let (failure, nodes): (Vec<Node>, Vec<Node>) = nodes.into_iter().partition(|node| node.id == AFTER_FAILURE);
        let template = WorkflowTemplate {
            failure_node: failure.into_iter().next(),
            id: Some(workflow.clone()),
            interface: Some(TypedInterface {
                inputs: Some(variables(&[(input.0, input.1.clone())])),
                outputs: Some(variables(&[("o0", output.0)])),
            }),
            nodes,
            outputs: vec![binding("o0", output.1)],
            ..WorkflowTemplate::default()
        };
        let spec = Some(WorkflowSpec {
            template: Some(template),
            ..WorkflowSpec::default()
        });
        let id = Some(workflow.clone());
        client.create_workflow(WorkflowCreateRequest { id, spec }).await.unwrap();
        let required = Parameter {
            var: Some(variable(input.1)),
            behavior: Some(core::parameter::Behavior::Required(true)),
        };
        let plan = LaunchPlanSpec {
            workflow_id: Some(workflow),
            default_inputs: Some(ParameterMap {
                parameters: [(input.0.to_owned(), required)].into(),
            }),
            ..LaunchPlanSpec::default()
        };
        let id = Some(identifier(ResourceType::LaunchPlan, name));
        let request = LaunchPlanCreateRequest { id, spec: Some(plan) };
        client.create_launch_plan(request).await.unwrap();
    }

    pub(super) async fn submit(&self, workflow: &str, run: &str, input: (&str, Literal)) {
        self.submit_as(workflow, run, input, ExecutionSpec::default()).await;
    }

    /// The same, done as a specification says.
    pub(super) async fn submit_as(&self, workflow: &str, run: &str, input: (&str, Literal), spec: ExecutionSpec) {
        let request = ExecutionCreateRequest {
            project: PROJECT.to_owned(),
            domain: DOMAIN.to_owned(),
            name: run.to_owned(),
            spec: Some(ExecutionSpec {
                launch_plan: Some(identifier(ResourceType::LaunchPlan, workflow)),
                ..spec
            }),
            inputs: Some(map(&[(input.0, input.1)])),
            ..ExecutionCreateRequest::default()
        };
        self.plane.client.clone().create_execution(request).await.unwrap();
    }

    pub(super) async fn execution(&self, run: &str) -> Execution {
        let request = WorkflowExecutionGetRequest { id: Some(id(run)) };
        self.plane.client.clone().get_execution(request).await.unwrap().into_inner()
    }

    /// The phase in which a run ends, and its output or the error's code and message.
    pub(super) async fn end(&self, run: &str) -> (String, Literal, String) {
        for _ in 0..7200 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let execution = self.execution(run).await;
            let phase = phase_of(&execution);
            if !["SUCCEEDED", "FAILED", "ABORTED"].contains(&phase.as_str()) {
                continue;
            }
            let error = match execution.closure.unwrap_or_default().output_result {
                Some(OutputResult::Error(error)) => format!("{}: {}", error.code, error.message),
                _ => String::new(),
            };
            let request = WorkflowExecutionGetDataRequest { id: Some(id(run)) };
            let data = self.plane.client.clone().get_execution_data(request).await.unwrap().into_inner();
            let output = data.full_outputs.unwrap_or_default().literals.remove("o0").unwrap_or_default();
            return (phase, output, error);
        }
        panic!("{run} does not end: {}", self.bench.log(ZONE, &self.propeller).await);
    }

    pub(super) async fn nodes(&self, run: &str, parent: &str) -> Vec<NodeExecution> {
        let request = NodeExecutionListRequest {
            workflow_execution_id: Some(id(run)),
            limit: 100,
            unique_parent_id: parent.to_owned(),
            ..NodeExecutionListRequest::default()
        };
        let list = self.plane.client.clone().list_node_executions(request).await.unwrap();
        list.into_inner().node_executions
    }
}

impl Scene {
    /// Names of the pods that nodes of runs have had, oldest first.
    pub(super) async fn pods(&self) -> Vec<String> {
        let like = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "team1-development"}});
        self.bench.names(ZONE, &like).await
    }
}

pub(super) fn names(nodes: &[NodeExecution]) -> Vec<&str> {
    nodes.iter().map(|node| node.id.as_ref().unwrap().node_id.as_str()).collect()
}
