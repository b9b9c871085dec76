//! Nodes that are more than a task: branches, arrays, gates, and workflows that tasks write.

use std::time::Duration;

use bytes::Bytes;
use flyte::client::{GrpcChannel, channel};
use flyte::proto::admin::{
    Execution, ExecutionCreateRequest, ExecutionSpec, LaunchPlanCreateRequest, LaunchPlanSpec, NodeExecution, NodeExecutionListRequest,
    SignalListRequest, SignalSetRequest, TaskCreateRequest, TaskExecutionListRequest, TaskSpec, WorkflowCreateRequest,
    WorkflowExecutionGetDataRequest, WorkflowExecutionGetRequest, WorkflowSpec, execution_closure::OutputResult,
};
use flyte::proto::core::{
    self, ApproveCondition, ArrayNode, Binding, BindingData, BooleanExpression, BranchNode, ComparisonExpression, Container, GateNode,
    Identifier, IfBlock, IfElseBlock, Literal, LiteralCollection, LiteralMap, LiteralType, Node, Operand, OutputReference, Parameter,
    ParameterMap, Primitive, ResourceType, Scalar, SignalCondition, SignalIdentifier, SimpleType, SleepCondition, TaskNode, TaskTemplate,
    TypedInterface, Variable, VariableMap, WorkflowTemplate, binding_data, boolean_expression, comparison_expression, gate_node, literal,
    literal_type, node, operand, primitive, scalar, task_node, task_template,
};
use flyte::proto::service::signal_service_client::SignalServiceClient;
use prost::Message;
use serde_json::json;
use tonic::Code;

use super::bench::{Bench, HOME, Run};
use super::plane::{DOMAIN, PROJECT, Plane, clusters, id, namespace, phase_of};

const ZONE: &str = "dataplane_1";
/// The node that runs after a failure, among those that are registered.
const AFTER_FAILURE: &str = "fn0";

/// A control plane and a data plane.
struct Scene {
    bench: Bench,
    /// The data plane's pod.
    propeller: String,
    plane: Plane,
    signals: SignalServiceClient<GrpcChannel>,
}

impl Scene {
    async fn start() -> Self {
        let mut bench = Bench::start(&[ZONE]).await;
        bench.node(ZONE).await;
        bench.make(ZONE, namespace("team1-development")).await;
        let plane = bench.ready(&clusters(&[ZONE])).await;
        let pod = bench.pod(HOME, &plane.pod).await;
        let address = pod.status.and_then(|status| status.pod_ip).unwrap();
        let endpoint = format!("{address}:8089");
        bench.network.name("flyteadmin.example", HOME, &address);
        let config = json!({
            "admin": {"endpoint": "flyteadmin.example:8089", "insecure": true},
            "storage": {"type": "s3", "container": "bucket", "connection": {"region": "us-east-2", "auth-type": "iam"}},
            "propeller": {"limit-namespace": "all", "metadata-prefix": "metadata/propeller", "rawoutput-prefix": "s3://raw/"},
        });
        let propeller = bench.run(ZONE, "flytepropeller", &Run { config, ..Run::default() }).await;
        let channel = channel(&bench.host(), &endpoint, None, Duration::from_secs(120)).unwrap();
        Self {
            bench,
            propeller,
            plane,
            signals: SignalServiceClient::new(channel),
        }
    }

    /// Registers a workflow with one input and one output, and the task that its nodes run.
    async fn register(
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

    async fn submit(&self, workflow: &str, run: &str, input: (&str, Literal)) {
        let request = ExecutionCreateRequest {
            project: PROJECT.to_owned(),
            domain: DOMAIN.to_owned(),
            name: run.to_owned(),
            spec: Some(ExecutionSpec {
                launch_plan: Some(identifier(ResourceType::LaunchPlan, workflow)),
                ..ExecutionSpec::default()
            }),
            inputs: Some(map(&[(input.0, input.1)])),
            ..ExecutionCreateRequest::default()
        };
        self.plane.client.clone().create_execution(request).await.unwrap();
    }

    async fn execution(&self, run: &str) -> Execution {
        let request = WorkflowExecutionGetRequest { id: Some(id(run)) };
        self.plane.client.clone().get_execution(request).await.unwrap().into_inner()
    }

    /// The phase in which a run ends, and its output or the error's code and message.
    async fn end(&self, run: &str) -> (String, Literal, String) {
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

    async fn nodes(&self, run: &str, parent: &str) -> Vec<NodeExecution> {
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

fn names(nodes: &[NodeExecution]) -> Vec<&str> {
    nodes.iter().map(|node| node.id.as_ref().unwrap().node_id.as_str()).collect()
}

fn identifier(kind: ResourceType, name: &str) -> Identifier {
    Identifier {
        resource_type: kind as i32,
        project: PROJECT.to_owned(),
        domain: DOMAIN.to_owned(),
        name: name.to_owned(),
        version: "v1".to_owned(),
        org: String::new(),
    }
}

fn simple(kind: SimpleType) -> LiteralType {
    LiteralType {
        r#type: Some(literal_type::Type::Simple(kind as i32)),
        ..LiteralType::default()
    }
}

fn list_of(kind: LiteralType) -> LiteralType {
    LiteralType {
        r#type: Some(literal_type::Type::CollectionType(Box::new(kind))),
        ..LiteralType::default()
    }
}

fn variable(kind: LiteralType) -> Variable {
    Variable {
        r#type: Some(kind),
        ..Variable::default()
    }
}

fn variables(of: &[(&str, LiteralType)]) -> VariableMap {
    let variables = of.iter().map(|(name, kind)| ((*name).to_owned(), variable(kind.clone())));
    VariableMap {
        variables: variables.collect(),
    }
}

fn literal(value: literal::Value) -> Literal {
    Literal {
        value: Some(value),
        ..Literal::default()
    }
}

fn number(value: i64) -> Literal {
    let primitive = Primitive {
        value: Some(primitive::Value::Integer(value)),
    };
    literal(literal::Value::Scalar(Box::new(Scalar {
        value: Some(scalar::Value::Primitive(primitive)),
    })))
}

fn boolean(value: bool) -> Literal {
    let primitive = Primitive {
        value: Some(primitive::Value::Boolean(value)),
    };
    literal(literal::Value::Scalar(Box::new(Scalar {
        value: Some(scalar::Value::Primitive(primitive)),
    })))
}

fn list(literals: Vec<Literal>) -> Literal {
    literal(literal::Value::Collection(LiteralCollection { literals }))
}

fn map(literals: &[(&str, Literal)]) -> LiteralMap {
    let literals = literals.iter().map(|(name, literal)| ((*name).to_owned(), literal.clone()));
    LiteralMap {
        literals: literals.collect(),
    }
}

fn binding(var: &str, data: BindingData) -> Binding {
    Binding {
        var: var.to_owned(),
        binding: Some(data),
    }
}

/// A node's output; the workflow's input, without a node.
fn promise(node: &str, var: &str) -> BindingData {
    BindingData {
        value: Some(binding_data::Value::Promise(OutputReference {
            node_id: node.to_owned(),
            var: var.to_owned(),
            ..OutputReference::default()
        })),
        ..BindingData::default()
    }
}

/// A task with input `x` and output `o0` that does as its arguments say.
fn task(name: &str, output: LiteralType, arguments: &[&str]) -> TaskTemplate {
    TaskTemplate {
        id: Some(identifier(ResourceType::Task, name)),
        r#type: "python-task".to_owned(),
        interface: Some(TypedInterface {
            inputs: Some(variables(&[("x", list_of(simple(SimpleType::Integer)))])),
            outputs: Some(variables(&[("o0", output)])),
        }),
        target: Some(task_template::Target::Container(Container {
            image: "multiplane-task:v1".to_owned(),
            args: arguments.iter().map(|word| (*word).to_owned()).collect(),
            ..Container::default()
        })),
        ..TaskTemplate::default()
    }
}

const ONE: [&str; 4] = ["--outputs", "{\"o0\": 1}", "--output-prefix", "{{.outputPrefix}}"];

fn task_node(node: &str, task: &str, inputs: Vec<Binding>) -> Node {
    Node {
        id: node.to_owned(),
        inputs,
        target: Some(node::Target::TaskNode(TaskNode {
            reference: Some(task_node::Reference::ReferenceId(identifier(ResourceType::Task, task))),
            ..TaskNode::default()
        })),
        ..Node::default()
    }
}

fn gate(condition: gate_node::Condition, inputs: Vec<Binding>) -> Node {
    Node {
        id: "n0".to_owned(),
        inputs,
        target: Some(node::Target::GateNode(GateNode {
            condition: Some(condition),
        })),
        ..Node::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_branch_takes_the_node_whose_condition_holds() {
    let scene = Scene::start().await;
    let operand = |value| Some(Operand { val: Some(value) });
    let zero = number(0).value.unwrap();
    let literal::Value::Scalar(zero) = zero else { unreachable!() };
    let condition = BooleanExpression {
        expr: Some(boolean_expression::Expr::Comparison(ComparisonExpression {
            operator: comparison_expression::Operator::Gt as i32,
            left_value: operand(operand::Val::Var(".x".to_owned())),
            right_value: operand(operand::Val::Scalar(*zero)),
        })),
    };
    // Flytekit names nodes inside of branches as if they were alone.
    let then = task_node("n0", "positive", vec![binding("x", promise("", "x"))]);
    let branch = BranchNode {
        if_else: Some(Box::new(IfElseBlock {
            case: Some(Box::new(IfBlock {
                condition: Some(condition),
                then_node: Some(Box::new(then)),
            })),
            other: Vec::new(),
            default: Some(core::if_else_block::Default::Error(core::Error {
                message: "not positive".to_owned(),
                ..core::Error::default()
            })),
        })),
    };
    let node = Node {
        id: "n0".to_owned(),
        inputs: vec![binding(".x", promise("", "x"))],
        target: Some(node::Target::BranchNode(Box::new(branch))),
        ..Node::default()
    };
    let integer = simple(SimpleType::Integer);
    let task = task("positive", integer.clone(), &ONE);
    scene
        .register("branches", ("x", integer.clone()), (integer, promise("n0", "o0")), vec![node], task)
        .await;
    scene.submit("branches", "up", ("x", number(5))).await;
    assert_eq!(scene.end("up").await, ("SUCCEEDED".to_owned(), number(1), String::new()));
    assert_eq!(names(&scene.nodes("up", "").await), ["n0"]);
    assert_eq!(names(&scene.nodes("up", "n0").await), ["n0-0-n0-n0"]);
    scene.submit("branches", "down", ("x", number(-5))).await;
    let (phase, _, error) = scene.end("down").await;
    assert_eq!(
        (phase.as_str(), error.as_str()),
        ("FAILED", "UserProvidedError: [UserProvidedError] not positive")
    );
    assert_eq!(names(&scene.nodes("down", "n0").await), [""; 0]);
}

fn array(task: &str, ratio: f32) -> Node {
    let inner = task_node("inner", task, vec![binding("x", promise("", "xs"))]);
    let array = ArrayNode {
        node: Some(Box::new(inner)),
        parallelism_option: Some(core::array_node::ParallelismOption::Parallelism(1)),
        success_criteria: Some(core::array_node::SuccessCriteria::MinSuccessRatio(ratio)),
        ..ArrayNode::default()
    };
    Node {
        id: "n0".to_owned(),
        inputs: vec![binding("x", promise("", "xs"))],
        target: Some(node::Target::ArrayNode(Box::new(array))),
        ..Node::default()
    }
}

#[tokio::test(start_paused = true)]
async fn an_array_runs_its_task_for_each_element() {
    let scene = Scene::start().await;
    let integers = list_of(simple(SimpleType::Integer));
    let xs = || list([7, 8, 9].map(number).to_vec());
    let well = task("well", integers.clone(), &ONE);
    let output = || (integers.clone(), promise("n0", "o0"));
    let input = ("xs", integers.clone());
    scene
        .register("mapped", input.clone(), output(), vec![array("well", 1.0)], well)
        .await;
    scene.submit("mapped", "three", ("xs", xs())).await;
    let ones = list(vec![number(1); 3]);
    assert_eq!(scene.end("three").await, ("SUCCEEDED".to_owned(), ones, String::new()));
    let [node] = &scene.nodes("three", "").await[..] else { panic!() };
    assert!(node.metadata.as_ref().unwrap().is_array);
    let request = TaskExecutionListRequest {
        node_execution_id: node.id.clone(),
        limit: 10,
        ..TaskExecutionListRequest::default()
    };
    let tasks = scene.plane.client.clone().list_task_executions(request).await.unwrap().into_inner();
    let closure = tasks.task_executions[0].closure.clone().unwrap();
    let succeeded = core::task_execution::Phase::Succeeded as i32;
    assert_eq!((tasks.task_executions.len(), closure.phase), (1, succeeded));
    let parts = closure.metadata.unwrap().external_resources;
    let parts: Vec<_> = parts
        .iter()
        .map(|part| (part.external_id.as_str(), part.index, part.phase))
        .collect();
    let expected = ["three-n0-0-n0-0", "three-n0-0-n1-0", "three-n0-0-n2-0"];
    assert_eq!(
        parts,
        [
            (expected[0], 0, succeeded),
            (expected[1], 1, succeeded),
            (expected[2], 2, succeeded)
        ]
    );
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "team1-development", "name": expected[1]}});
    let pod = scene.bench.object(ZONE, &pod).await.unwrap();
    let env = pod["spec"]["containers"][0]["env"].as_array().unwrap();
    assert!(env.contains(&json!({"name": "FLYTE_K8S_ARRAY_INDEX", "value": "1"})), "{env:?}");

    let ill = task("ill", integers.clone(), &["--exit-code", "3"]);
    scene
        .register("failing", input.clone(), output(), vec![array("ill", 1.0)], ill)
        .await;
    scene.submit("failing", "none", ("xs", xs())).await;
    let (phase, _, error) = scene.end("none").await;
    assert!(phase == "FAILED" && error.starts_with(": [0]: "), "{phase} {error}");
    // Nobody must succeed: what failed has no value.
    let ill = task("ill-again", integers.clone(), &["--exit-code", "3"]);
    scene.register("bearing", input, output(), vec![array("ill-again", 0.0)], ill).await;
    scene.submit("bearing", "borne", ("xs", xs())).await;
    let (phase, output, _) = scene.end("borne").await;
    let Some(literal::Value::Collection(found)) = output.value else {
        panic!("{phase}")
    };
    assert_eq!((phase.as_str(), found.literals.len()), ("SUCCEEDED", 3));
}

#[tokio::test(start_paused = true)]
async fn gates_wait_for_people_and_for_time() {
    let scene = Scene::start().await;
    let integer = simple(SimpleType::Integer);
    let input = || ("x", integer.clone());
    let none = |name: &str| task(name, integer.clone(), &ONE);
    let asks = gate_node::Condition::Signal(SignalCondition {
        signal_id: "how-many".to_owned(),
        r#type: Some(integer.clone()),
        output_variable_name: "o0".to_owned(),
    });
    let output = || (integer.clone(), promise("n0", "o0"));
    scene
        .register("asks", input(), output(), vec![gate(asks, Vec::new())], none("t1"))
        .await;
    let approves = gate_node::Condition::Approve(ApproveCondition {
        signal_id: "fine".to_owned(),
    });
    let approves = gate(approves, vec![binding("o0", promise("", "x"))]);
    scene.register("approves", input(), output(), vec![approves], none("t2")).await;
    let sleeps = gate_node::Condition::Sleep(SleepCondition {
        duration: Some(prost_types::Duration { seconds: 3600, nanos: 0 }),
    });
    let through = (integer.clone(), promise("", "x"));
    scene
        .register("sleeps", input(), through, vec![gate(sleeps, Vec::new())], none("t3"))
        .await;

    for (workflow, run) in [
        ("asks", "asked"),
        ("approves", "approved"),
        ("approves", "rejected"),
        ("sleeps", "slept"),
    ] {
        scene.submit(workflow, run, ("x", number(5))).await;
    }
    tokio::time::sleep(Duration::from_secs(600)).await;
    for run in ["asked", "approved", "rejected", "slept"] {
        assert_eq!(phase_of(&scene.execution(run).await), "RUNNING", "{run}");
    }
    let list = SignalListRequest {
        workflow_execution_id: Some(id("asked")),
        limit: 10,
        ..SignalListRequest::default()
    };
    let signals = scene.signals.clone().list_signals(list).await.unwrap().into_inner().signals;
    assert_eq!((signals.len(), &signals[0].r#type), (1, &Some(integer)));
    let set = async |run: &str, signal: &str, value: Literal| {
        let id = SignalIdentifier {
            signal_id: signal.to_owned(),
            execution_id: Some(id(run)),
        };
        let request = SignalSetRequest {
            id: Some(id),
            value: Some(value),
        };
        scene
            .signals
            .clone()
            .set_signal(request)
            .await
            .map(|_| ())
            .map_err(|status| status.code())
    };
    assert_eq!(set("asked", "how-many", boolean(true)).await, Err(Code::InvalidArgument));
    assert_eq!(set("asked", "how-much", number(1)).await, Err(Code::NotFound));
    assert_eq!(set("asked", "how-many", number(42)).await, Ok(()));
    assert_eq!(set("approved", "fine", boolean(true)).await, Ok(()));
    assert_eq!(set("rejected", "fine", boolean(false)).await, Ok(()));
    assert_eq!(scene.end("asked").await, ("SUCCEEDED".to_owned(), number(42), String::new()));
    assert_eq!(scene.end("approved").await, ("SUCCEEDED".to_owned(), number(5), String::new()));
    let (phase, _, error) = scene.end("rejected").await;
    assert!(phase == "FAILED" && error.starts_with("ReceivedRejectSignal: "), "{phase} {error}");
    assert_eq!(scene.end("slept").await.0, "SUCCEEDED");
    let closure = scene.execution("slept").await.closure.unwrap();
    assert!((3600..3700).contains(&closure.duration.unwrap().seconds), "{:?}", closure.duration);
}

#[tokio::test(start_paused = true)]
async fn what_is_to_run_after_a_failure_does() {
    let scene = Scene::start().await;
    let integer = simple(SimpleType::Integer);
    let ill = task("ill", integer.clone(), &["--exit-code", "3"]);
    let nodes = ["n0", AFTER_FAILURE].map(|node| task_node(node, "ill", vec![binding("x", promise("", "x"))]));
    let output = (integer.clone(), promise("n0", "o0"));
    scene
        .register("after", ("x", integer.clone()), output.clone(), nodes.to_vec(), ill)
        .await;
    scene.submit("after", "twice", ("x", number(5))).await;
    let (phase, _, error) = scene.end("twice").await;
    assert!(
        phase == "FAILED" && error.contains("twice-fn0-0"),
        "the last failure counts: {phase} {error}"
    );
    let cleans = task("cleans", integer.clone(), &ONE);
    let nodes = vec![
        task_node("n0", "ill", vec![binding("x", promise("", "x"))]),
        task_node(
            AFTER_FAILURE,
            "cleans",
            vec![binding("x", promise("", "x")), binding("err", promise("", "x"))],
        ),
    ];
    scene.register("cleaning", ("x", integer), output, nodes, cleans).await;
    scene.submit("cleaning", "once", ("x", number(5))).await;
    let (phase, _, error) = scene.end("once").await;
    assert!(phase == "FAILED" && error.contains("once-n0-0"), "{phase} {error}");
    assert_eq!(names(&scene.nodes("once", "").await), [AFTER_FAILURE, "n0"]);
    let key = format!("metadata/propeller/{PROJECT}-{DOMAIN}-once/fn0/data/inputs.pb");
    let store = scene.bench.stores.object_store("s3/us-east-2");
    let inputs = LiteralMap::decode(store.get("bucket", &key).unwrap().unwrap()).unwrap();
    let Some(literal::Value::Scalar(error)) = &inputs.literals["err"].value else {
        panic!()
    };
    let Some(scalar::Value::Error(error)) = &error.value else {
        panic!()
    };
    assert_eq!(error.failed_node_id, "n0");
}

/// What a `@dynamic` task leaves: `flyteidl.core.DynamicJobSpec`.
#[derive(Clone, PartialEq, Message)]
struct Futures {
    #[prost(message, repeated, tag = "1")]
    nodes: Vec<Node>,
    #[prost(message, repeated, tag = "3")]
    outputs: Vec<Binding>,
    #[prost(message, repeated, tag = "4")]
    tasks: Vec<TaskTemplate>,
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_a_task_wrote_is_run() {
    let scene = Scene::start().await;
    let integer = simple(SimpleType::Integer);
    // Its own outputs are never written.
    let writes = task("writes", integer.clone(), &["--duration", "10s"]);
    let node = task_node("n0", "writes", vec![binding("x", promise("", "x"))]);
    scene
        .register(
            "dynamic",
            ("x", integer.clone()),
            (integer.clone(), promise("n0", "o0")),
            vec![node],
            writes,
        )
        .await;
    let futures = Futures {
        nodes: vec![task_node("dn0", "written", Vec::new())],
        outputs: vec![binding("o0", promise("dn0", "o0"))],
        tasks: vec![task("written", integer.clone(), &ONE)],
    };
    let put = |run: &str, content: Vec<u8>| {
        let key = format!("metadata/propeller/{PROJECT}-{DOMAIN}-{run}/n0/data/0/futures.pb");
        scene
            .bench
            .stores
            .object_store("s3/us-east-2")
            .put("bucket", &key, Bytes::from(content))
            .unwrap();
    };
    put("unfolds", futures.encode_to_vec());
    put("broken", b"\xff".to_vec());
    for run in ["unfolds", "broken"] {
        scene.submit("dynamic", run, ("x", number(5))).await;
    }
    assert_eq!(scene.end("unfolds").await, ("SUCCEEDED".to_owned(), number(1), String::new()));
    let nodes = scene.nodes("unfolds", "").await;
    let metadata = nodes[0].metadata.as_ref().unwrap();
    assert!(metadata.is_dynamic && metadata.is_parent_node);
    assert_eq!(names(&scene.nodes("unfolds", "n0").await), ["n0-0-dn0"]);
    let request = flyte::proto::admin::GetDynamicNodeWorkflowRequest { id: nodes[0].id.clone() };
    let answer = scene
        .plane
        .client
        .clone()
        .get_dynamic_node_workflow(request)
        .await
        .unwrap()
        .into_inner();
    let template = answer.compiled_workflow.unwrap().primary.unwrap().template.unwrap();
    assert_eq!(template.nodes[0].id, "dn0");
    let (phase, _, error) = scene.end("broken").await;
    assert!(
        phase == "FAILED" && error.starts_with("DynamicWorkflowBuildFailed: "),
        "{phase} {error}"
    );
}
