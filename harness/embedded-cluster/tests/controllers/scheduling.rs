//! The scheduler.

use serde_json::{Value, json};

use crate::world::{DEPLOYMENTS, PODS, World, condition};

fn pod(name: &str, cpu: &str) -> Value {
    let resources = json!({"requests": {"cpu": cpu}});
    json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "nginx:1", "resources": resources}]}})
}

#[tokio::test(start_paused = true)]
async fn waits_for_a_node_and_for_room() {
    let world = World::new().await;
    world.post(PODS, pod("a", "3")).await;
    let refused = |pod: &Value| condition(pod, "PodScheduled").is_some_and(|c| c["reason"] == "Unschedulable");
    let waiting = world.until(&format!("{PODS}/a"), refused).await;
    assert_eq!(
        condition(&waiting, "PodScheduled").unwrap()["message"],
        "no nodes available to schedule pods"
    );

    world.node("node-1").await;
    let placed = world.until(&format!("{PODS}/a"), |pod| pod["spec"]["nodeName"] == "node-1").await;
    assert_eq!(condition(&placed, "PodScheduled").unwrap()["status"], "True");

    world.post(PODS, pod("b", "2")).await;
    let waiting = world.until(&format!("{PODS}/b"), refused).await;
    assert_eq!(
        condition(&waiting, "PodScheduled").unwrap()["message"],
        "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: \
         1 No preemption victims found for incoming pod."
    );
    world.delete(&format!("{PODS}/a"), json!({"gracePeriodSeconds": 0})).await;
    world.until(&format!("{PODS}/b"), |pod| pod["spec"]["nodeName"] == "node-1").await;
    world.settle().await;
    let reasons: Vec<String> = world.events("Pod", "b").await.into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(reasons, ["FailedScheduling", "Scheduled"]);
}

/// flyteadmin runs as two replicas that must not share a node.
#[tokio::test(start_paused = true)]
async fn replicas_that_must_not_share_a_node() {
    let world = World::new().await;
    world.node("node-1").await;
    let term = json!({"labelSelector": {"matchLabels": {"app": "x"}}, "topologyKey": "kubernetes.io/hostname"});
    let affinity = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
    let template =
        json!({"metadata": {"labels": {"app": "x"}}, "spec": {"affinity": affinity, "containers": [{"name": "c", "image": "nginx:1"}]}});
    let spec = json!({"replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": template});
    world.post(DEPLOYMENTS, json!({"metadata": {"name": "d"}, "spec": spec})).await;
    let pods = world.items(PODS, 2).await;
    world.settle().await;
    let nodes = |pods: &[Value]| {
        let mut nodes: Vec<Option<String>> = pods.iter().map(|pod| pod["spec"]["nodeName"].as_str().map(str::to_owned)).collect();
        nodes.sort();
        nodes
    };
    assert_eq!(pods.len(), 2);
    assert_eq!(nodes(&world.items(PODS, 2).await), [None, Some("node-1".into())]);
    world.node("node-2").await;
    world.settle().await;
    assert_eq!(nodes(&world.items(PODS, 2).await), [Some("node-1".into()), Some("node-2".into())]);
}

/// A pod of a higher priority makes others go, and nobody takes the room that they leave.
#[tokio::test(start_paused = true)]
async fn more_important_pods_push_others_aside() {
    const CLASSES: &str = "/apis/scheduling.k8s.io/v1/priorityclasses";
    let world = World::new().await;
    world.node("node-1").await;
    for (name, value) in [("urgent", 1000), ("usual", 10)] {
        world.post(CLASSES, json!({"metadata": {"name": name}, "value": value})).await;
    }
    let of_class = |name: &str, cpu: &str, class: &str| {
        let mut pod = pod(name, cpu);
        pod["spec"]["priorityClassName"] = class.into();
        pod
    };
    world.post(PODS, pod("a", "3")).await;
    let running = world.until(&format!("{PODS}/a"), |pod| pod["spec"]["nodeName"] == "node-1").await;
    world.make_ready(&running).await;

    world.post(PODS, of_class("b", "3", "urgent")).await;
    let leaving = world
        .until(&format!("{PODS}/a"), |pod| pod["metadata"]["deletionTimestamp"].is_string())
        .await;
    let condition_of_a = condition(&leaving, "DisruptionTarget").unwrap();
    assert_eq!(condition_of_a["reason"], "PreemptionByScheduler");
    assert_eq!(
        condition_of_a["message"],
        "default-scheduler: preempting to accommodate a higher priority pod"
    );
    let waiting = world.get(&format!("{PODS}/b")).await.unwrap();
    assert_eq!(waiting["status"]["nominatedNodeName"], "node-1");
    let uid = waiting["metadata"]["uid"].as_str().unwrap();
    world.settle().await;
    let events = world.events("Pod", "a").await;
    assert!(
        events.contains(&("Preempted".into(), format!("Preempted by pod {uid} on node node-1"))),
        "{events:?}"
    );

    world.post(PODS, of_class("c", "2", "usual")).await;
    world.settle().await;
    world.delete(&format!("{PODS}/a"), json!({"gracePeriodSeconds": 0})).await;
    let placed = world.until(&format!("{PODS}/b"), |pod| pod["spec"]["nodeName"] == "node-1").await;
    assert_eq!(placed["status"]["nominatedNodeName"], Value::Null);
    world.settle().await;
    let later = world.get(&format!("{PODS}/c")).await.unwrap();
    assert_eq!(later["spec"]["nodeName"], Value::Null);
    let told = condition(&later, "PodScheduled").unwrap()["message"].as_str().unwrap().to_owned();
    assert!(
        told.ends_with("preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."),
        "{told}"
    );
}
