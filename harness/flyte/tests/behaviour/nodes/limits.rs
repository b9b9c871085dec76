//! How many nodes run at the same time, and where those run that may be interrupted.

use flyte::proto::admin::ExecutionSpec;
use flyte::proto::core::SimpleType;
use serde_json::json;

use super::build::{A_MINUTE, binding, number, promise, simple, task, task_node};
use super::scene::{Scene, ZONE};

/// Registers a workflow of five nodes that take a minute and do not wait for each other.
async fn five(scene: &Scene) {
    let integer = simple(SimpleType::Integer);
    let minute = task("minute", integer.clone(), &A_MINUTE);
    let nodes = ["n0", "n1", "n2", "n3", "n4"].map(|node| task_node(node, "minute", vec![binding("x", promise("", "x"))]));
    let output = (integer.clone(), promise("n4", "o0"));
    scene.register("five", ("x", integer), output, nodes.to_vec(), minute).await;
}

#[tokio::test(start_paused = true)]
async fn no_more_run_at_the_same_time_than_may() {
    let scene = Scene::start().await;
    five(&scene).await;
    let spec = ExecutionSpec {
        max_parallelism: 2,
        ..ExecutionSpec::default()
    };
    scene.submit_as("five", "run", ("x", number(5)), spec).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        tokio::time::sleep(std::time::Duration::from_secs(50)).await;
        seen.push(scene.pods().await.len());
    }
    assert_eq!(seen, [2, 4, 5, 5], "pods that have been made, every 50 s");
    assert_eq!(scene.end("run").await.0, "SUCCEEDED");
}

#[tokio::test(start_paused = true)]
async fn what_may_be_interrupted_goes_where_the_configuration_says() {
    let scene = Scene::start().await;
    five(&scene).await;
    let spec = ExecutionSpec {
        interruptible: Some(true),
        ..ExecutionSpec::default()
    };
    scene.submit_as("five", "run", ("x", number(5)), spec).await;
    while scene.pods().await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "team1-development", "name": "run-n0-0"}});
    let pod = scene.bench.object(ZONE, &pod).await.unwrap();
    assert_eq!(pod["metadata"]["labels"]["interruptible"], "true");
    assert_eq!(pod["spec"]["nodeSelector"], json!({"example.com/spot": "true"}));
    let tolerations = pod["spec"]["tolerations"].as_array().unwrap();
    assert!(tolerations.contains(&json!({"key": "spot", "operator": "Exists", "effect": "NoSchedule"})));
}
