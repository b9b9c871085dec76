//! Runs that take up where another failed.

use flyte::proto::admin::execution_metadata::ExecutionMode;
use flyte::proto::admin::{ExecutionRecoverRequest, NodeExecution, TaskCreateRequest, TaskSpec};
use flyte::proto::core::node_execution::Phase;
use flyte::proto::core::{LiteralMap, Node, ResourceType, SimpleType, WorkflowNode, node, workflow_node};
use prost::Message;

use super::super::plane::{DOMAIN, PROJECT, id};
use super::build::{ONE, binding, identifier, number, promise, simple, task, task_node};
use super::scene::Scene;
use super::tasks::Futures;

fn phases(nodes: &[NodeExecution]) -> Vec<Phase> {
    nodes.iter().map(|node| node.closure.as_ref().unwrap().phase()).collect()
}

/// Registers a workflow of two nodes, of which the second fails.
async fn two(scene: &Scene) {
    let integer = simple(SimpleType::Integer);
    let spec = Some(TaskSpec {
        template: Some(task("well", integer.clone(), &ONE)),
        ..TaskSpec::default()
    });
    let id = Some(identifier(ResourceType::Task, "well"));
    let mut client = scene.plane.client.clone();
    client.create_task(TaskCreateRequest { id, spec }).await.unwrap();
    let nodes = vec![
        task_node("n0", "well", vec![binding("x", promise("", "x"))]),
        task_node("n1", "ill", vec![binding("x", promise("n0", "o0"))]),
    ];
    let ill = task("ill", integer.clone(), &["--exit-code", "3"]);
    scene
        .register("two", ("x", integer.clone()), (integer, promise("n1", "o0")), nodes, ill)
        .await;
}

async fn recover(scene: &Scene, of: &str, name: &str) {
    let request = ExecutionRecoverRequest {
        id: Some(id(of)),
        name: name.to_owned(),
        metadata: None,
    };
    scene.plane.client.clone().recover_execution(request).await.unwrap();
    assert_eq!(scene.end(name).await.0, "FAILED");
}

#[tokio::test(start_paused = true)]
async fn nodes_that_ended_well_do_not_run_again() {
    let scene = Scene::start().await;
    two(&scene).await;
    scene.submit("two", "first", ("x", number(5))).await;
    assert_eq!(scene.end("first").await.0, "FAILED");
    for (of, name) in [("first", "second"), ("second", "third")] {
        recover(&scene, of, name).await;
        assert_eq!(phases(&scene.nodes(name, "").await), [Phase::Recovered, Phase::Failed], "{name}");
    }
    assert_eq!(scene.pods().await, ["first-n0-0", "first-n1-0", "second-n1-0", "third-n1-0"]);
    let key = format!("metadata/propeller/{PROJECT}-{DOMAIN}-third/n1/data/inputs.pb");
    let inputs = scene
        .bench
        .stores
        .object_store("s3/us-east-2")
        .get("bucket", &key)
        .unwrap()
        .unwrap();
    assert_eq!(
        LiteralMap::decode(inputs).unwrap().literals["x"],
        number(1),
        "outputs were taken over"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_node_launched_is_recovered_too() {
    let scene = Scene::start().await;
    two(&scene).await;
    let integer = simple(SimpleType::Integer);
    let launching = Node {
        id: "n0".to_owned(),
        inputs: vec![binding("x", promise("", "x"))],
        target: Some(node::Target::WorkflowNode(WorkflowNode {
            reference: Some(workflow_node::Reference::LaunchplanRef(identifier(ResourceType::LaunchPlan, "two"))),
        })),
        ..Node::default()
    };
    let unused = task("unused", integer.clone(), &ONE);
    scene
        .register(
            "outer",
            ("x", integer.clone()),
            (integer, promise("n0", "o0")),
            vec![launching],
            unused,
        )
        .await;
    scene.submit("outer", "one", ("x", number(5))).await;
    assert_eq!(scene.end("one").await.0, "FAILED");
    recover(&scene, "one", "two").await;
    assert_eq!(phases(&scene.nodes("two-n0-0", "").await), [Phase::Recovered, Phase::Failed]);
    let metadata = scene.execution("two-n0-0").await.spec.unwrap().metadata.unwrap();
    assert_eq!(metadata.mode(), ExecutionMode::Recovered);
    assert_eq!(metadata.reference_execution, Some(id("one-n0-0")));
    assert_eq!(metadata.parent_node_execution.unwrap().execution_id, Some(id("two")));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_wrote_a_workflow_does_not_run_again() {
    let scene = Scene::start().await;
    let integer = simple(SimpleType::Integer);
    // Its own outputs are never written.
    let writes = task("writes", integer.clone(), &["--duration", "10s"]);
    let node = task_node("n0", "writes", vec![binding("x", promise("", "x"))]);
    let output = (integer.clone(), promise("n0", "o0"));
    scene.register("dynamic", ("x", integer.clone()), output, vec![node], writes).await;
    let futures = Futures {
        nodes: vec![
            task_node("dn0", "well", Vec::new()),
            task_node("dn1", "ill", vec![binding("x", promise("dn0", "o0"))]),
        ],
        outputs: vec![binding("o0", promise("dn1", "o0"))],
        tasks: vec![task("well", integer.clone(), &ONE), task("ill", integer, &["--exit-code", "3"])],
    };
    let key = format!("metadata/propeller/{PROJECT}-{DOMAIN}-one/n0/data/0/futures.pb");
    let store = scene.bench.stores.object_store("s3/us-east-2");
    store.put("bucket", &key, futures.encode_to_vec().into()).unwrap();
    scene.submit("dynamic", "one", ("x", number(5))).await;
    assert_eq!(scene.end("one").await.0, "FAILED");
    recover(&scene, "one", "two").await;
    assert_eq!(phases(&scene.nodes("two", "n0").await), [Phase::Recovered, Phase::Failed]);
    let pods = scene.pods().await;
    let pods: Vec<_> = pods.iter().filter(|pod| pod.starts_with("two-")).collect();
    assert_eq!(pods, ["two-n0-0-dn1-0"]);
}
