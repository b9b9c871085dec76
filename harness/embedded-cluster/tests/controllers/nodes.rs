//! Nodes' conditions, taints, and the pods that leave.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::world::{PODS, World};

const NODE: &str = "/api/v1/nodes/n";

fn pod(name: &str, tolerations: Value) -> Value {
    json!({"metadata": {"name": name}, "spec": {
        "nodeName": "n", "containers": [{"name": "c", "image": "nginx:1"}], "tolerations": tolerations, "terminationGracePeriodSeconds": 0,
    }})
}

/// Keys and effects of the node's taints.
fn taints(node: &Value) -> Vec<String> {
    let taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
    let text = |taint: &Value| format!("{}:{}", taint["key"].as_str().unwrap(), taint["effect"].as_str().unwrap());
    taints
        .iter()
        .map(text)
        .map(|text| text.replace("node.kubernetes.io/", ""))
        .collect()
}

async fn say(world: &World, ready: &str) {
    let status = json!({"status": {"conditions": [{"type": "Ready", "status": ready}]}});
    world.merge(&format!("{NODE}/status"), status).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_node_takes_pods_once_it_is_ready() {
    let world = World::new().await;
    let conditions = json!([{"type": "Ready", "status": "False"}]);
    let created = json!({"metadata": {"name": "n"}, "status": {"conditions": conditions}});
    assert_eq!(taints(&world.post("/api/v1/nodes", created).await), ["not-ready:NoSchedule"]);
    world
        .until(NODE, |node| taints(node) == ["not-ready:NoSchedule", "not-ready:NoExecute"])
        .await;
    say(&world, "True").await;
    world.until(NODE, |node| taints(node).is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn a_cordoned_node_is_tainted_until_it_is_not() {
    let world = World::new().await;
    world.node("n").await;
    world.until(NODE, |node| taints(node).is_empty()).await;
    world.merge(NODE, json!({"spec": {"unschedulable": true}})).await;
    world.until(NODE, |node| taints(node) == ["unschedulable:NoSchedule"]).await;
    world.merge(NODE, json!({"spec": {"unschedulable": null}})).await;
    world.until(NODE, |node| taints(node).is_empty()).await;
}

#[tokio::test(start_paused = true)]
async fn pods_leave_a_node_that_is_not_ready_after_five_minutes() {
    let world = World::new().await;
    world.node("n").await;
    let created = world.post(PODS, pod("a", json!([]))).await;
    world.make_ready(&created).await;
    say(&world, "False").await;
    let not_ready = |pod: &Value| crate::world::condition(pod, "Ready").is_some_and(|ready| ready["status"] == "False");
    world.until(&format!("{PODS}/a"), not_ready).await;
    let began = Instant::now();
    world.gone(&format!("{PODS}/a")).await;
    let stayed = began.elapsed().as_secs();
    assert!((299..=301).contains(&stayed), "{stayed} s");
    let events = world.events("Pod", "a").await;
    assert!(
        events.contains(&("TaintManagerEviction".into(), "Marking for deletion Pod ns/a".into())),
        "{events:?}"
    );
}

/// What `kubectl taint nodes n maintenance=now:NoExecute` does.
#[tokio::test(start_paused = true)]
async fn any_taint_drives_away_who_does_not_tolerate_it() {
    let world = World::new().await;
    world.node("n").await;
    let for_a_minute = json!([{"key": "maintenance", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}]);
    world.post(PODS, pod("not", json!([]))).await;
    world.post(PODS, pod("while", for_a_minute.clone())).await;
    world.post(PODS, pod("ever", json!([{"operator": "Exists"}]))).await;
    let taint = |value: Value| json!({"spec": {"taints": value}});
    let maintenance = json!([{"key": "maintenance", "value": "now", "effect": "NoExecute"}]);
    world.merge(NODE, taint(maintenance.clone())).await;
    world.gone(&format!("{PODS}/not")).await;

    sleep(Duration::from_secs(30)).await;
    world.merge(NODE, taint(Value::Null)).await;
    sleep(Duration::from_secs(100)).await;
    world.get(&format!("{PODS}/while")).await.unwrap();
    let events = world.events("Pod", "while").await;
    assert!(
        events.contains(&("TaintManagerEviction".into(), "Cancelling deletion of Pod ns/while".into())),
        "{events:?}"
    );

    world.merge(NODE, taint(maintenance)).await;
    let began = Instant::now();
    world.gone(&format!("{PODS}/while")).await;
    assert!((59..=61).contains(&began.elapsed().as_secs()));
    world.get(&format!("{PODS}/ever")).await.unwrap();
    // Who comes later is looked at, too.
    world.post(PODS, pod("later", json!([]))).await;
    world.gone(&format!("{PODS}/later")).await;
}
