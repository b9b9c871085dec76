//! Branches, arrays and gates.

use std::time::Duration;

use flyte::proto::admin::{SignalListRequest, SignalSetRequest, TaskExecutionListRequest};
use flyte::proto::core::{
    self, ApproveCondition, ArrayNode, BooleanExpression, BranchNode, ComparisonExpression, IfBlock, IfElseBlock, Literal, Node, Operand,
    SignalCondition, SignalIdentifier, SimpleType, SleepCondition, boolean_expression, comparison_expression, gate_node, literal, node,
    operand,
};
use serde_json::json;
use tonic::Code;

use super::super::plane::{id, phase_of};

use super::build::{ONE, binding, boolean, gate, list, list_of, number, promise, simple, task, task_node};
use super::scene::{Scene, ZONE, names};

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

pub(super) fn array(task: &str, ratio: f32) -> Node {
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
