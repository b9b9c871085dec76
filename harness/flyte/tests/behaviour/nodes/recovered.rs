//! Runs that take up where another failed.

use flyte::proto::admin::{ExecutionRecoverRequest, NodeExecution};
use flyte::proto::core::node_execution::Phase;
use flyte::proto::core::{LiteralMap, SimpleType};
use prost::Message;

use super::super::plane::{DOMAIN, PROJECT, id};
use super::build::{ONE, binding, identifier, number, promise, simple, task, task_node};
use super::scene::Scene;
use flyte::proto::admin::{TaskCreateRequest, TaskSpec};
use flyte::proto::core::ResourceType;

fn phases(nodes: &[NodeExecution]) -> Vec<Phase> {
    nodes.iter().map(|node| node.closure.as_ref().unwrap().phase()).collect()
}

#[tokio::test(start_paused = true)]
async fn nodes_that_ended_well_do_not_run_again() {
    let scene = Scene::start().await;
    let integer = simple(SimpleType::Integer);
    let well = task("well", integer.clone(), &ONE);
    let spec = Some(TaskSpec {
        template: Some(well.clone()),
        ..TaskSpec::default()
    });
    let id_of = Some(identifier(ResourceType::Task, "well"));
    let mut client = scene.plane.client.clone();
    client.create_task(TaskCreateRequest { id: id_of, spec }).await.unwrap();
    let nodes = vec![
        task_node("n0", "well", vec![binding("x", promise("", "x"))]),
        task_node("n1", "ill", vec![binding("x", promise("n0", "o0"))]),
    ];
    let ill = task("ill", integer.clone(), &["--exit-code", "3"]);
    scene
        .register("two", ("x", integer.clone()), (integer, promise("n1", "o0")), nodes, ill)
        .await;
    scene.submit("two", "first", ("x", number(5))).await;
    assert_eq!(scene.end("first").await.0, "FAILED");
    for (of, name) in [("first", "second"), ("second", "third")] {
        let request = ExecutionRecoverRequest {
            id: Some(id(of)),
            name: name.to_owned(),
            metadata: None,
        };
        client.recover_execution(request).await.unwrap();
        assert_eq!(scene.end(name).await.0, "FAILED");
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
