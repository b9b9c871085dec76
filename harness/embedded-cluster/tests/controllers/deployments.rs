//! Deployments and replica sets.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::world::{DEPLOYMENTS, PODS, REPLICA_SETS, World, condition, name, template};

fn deployment(replicas: i64, extra: Value) -> Value {
    let mut spec = json!({"replicas": replicas, "selector": {"matchLabels": {"app": "x"}}, "template": template("nginx:1")});
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"metadata": {"name": "d"}, "spec": spec})
}

/// Marks every pod ready as soon as it is there, until the deployment says that it is done.
async fn roll_out(world: &World) -> Value {
    let path = format!("{DEPLOYMENTS}/d");
    for _ in 0..200 {
        let pods = world.get(PODS).await.unwrap();
        for pod in pods["items"].as_array().unwrap() {
            if condition(pod, "Ready").is_none() {
                world.make_ready(pod).await;
            }
        }
        sleep(Duration::from_millis(50)).await;
        let deployment = world.get(&path).await.unwrap();
        let wanted = &deployment["spec"]["replicas"];
        let status = &deployment["status"];
        let done = ["replicas", "updatedReplicas", "availableReplicas"]
            .iter()
            .all(|field| status[field] == *wanted);
        if done && status["observedGeneration"] == deployment["metadata"]["generation"] {
            return deployment;
        }
    }
    panic!("never rolled out: {:#}", world.get(&path).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn rolls_out_a_new_template_and_back() {
    let world = World::new().await;
    world.post(DEPLOYMENTS, deployment(3, json!({}))).await;
    let first = roll_out(&world).await;
    assert_eq!(condition(&first, "Progressing").unwrap()["reason"], "NewReplicaSetAvailable");
    assert_eq!(condition(&first, "Available").unwrap()["status"], "True");
    assert_eq!(first["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
    assert_eq!(first["metadata"]["generation"], 1);

    let change = |image: &str| json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}});
    world.merge(&format!("{DEPLOYMENTS}/d"), change("nginx:2")).await;
    roll_out(&world).await;
    let pods = world.items(PODS, 3).await;
    assert!(pods.iter().all(|pod| pod["spec"]["containers"][0]["image"] == "nginx:2"));

    world.merge(&format!("{DEPLOYMENTS}/d"), change("nginx:1")).await;
    let back = roll_out(&world).await;
    assert_eq!(back["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "3");
    let sets = world.items(REPLICA_SETS, 2).await;
    let history = |set: &Value| set["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"].clone();
    assert!(sets.iter().any(|set| set["spec"]["replicas"] == 3 && history(set) == "1"));
    let events = world.events("Deployment", "d").await;
    let scaled_up = |(reason, message): &(String, String)| reason == "ScalingReplicaSet" && message.ends_with("from 0 to 3");
    assert!(events.iter().any(scaled_up), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn recreate_never_mixes_old_and_new_pods() {
    let world = World::new().await;
    world
        .post(DEPLOYMENTS, deployment(2, json!({"strategy": {"type": "Recreate"}})))
        .await;
    roll_out(&world).await;
    let held = world.items(PODS, 2).await;
    world
        .merge(
            &format!("{PODS}/{}", name(&held[0])),
            json!({"metadata": {"finalizers": ["a.com/hold"]}}),
        )
        .await;
    world
        .merge(
            &format!("{DEPLOYMENTS}/d"),
            json!({"spec": {"template": {"metadata": {"labels": {"v": "2"}}}}}),
        )
        .await;
    world.settle().await;
    let left = world.items(PODS, 1).await;
    assert_eq!(name(&left[0]), name(&held[0]));
    world
        .merge(&format!("{PODS}/{}", name(&held[0])), json!({"metadata": {"finalizers": null}}))
        .await;
    roll_out(&world).await;
    assert!(world.items(PODS, 2).await.iter().all(|pod| pod["metadata"]["labels"]["v"] == "2"));
}

#[tokio::test(start_paused = true)]
async fn a_stuck_rollout_passes_its_deadline() {
    let world = World::new().await;
    world.post(DEPLOYMENTS, deployment(1, json!({"progressDeadlineSeconds": 60}))).await;
    let timed_out = |d: &Value| condition(d, "Progressing").is_some_and(|c| c["reason"] == "ProgressDeadlineExceeded");
    let stuck = world.until(&format!("{DEPLOYMENTS}/d"), timed_out).await;
    assert_eq!(condition(&stuck, "Progressing").unwrap()["status"], "False");
    roll_out(&world).await;
}

#[tokio::test(start_paused = true)]
async fn paused_deployments_scale_but_do_not_roll() {
    let world = World::new().await;
    world.post(DEPLOYMENTS, deployment(1, json!({}))).await;
    roll_out(&world).await;
    let change = json!({"spec": {"paused": true, "replicas": 2, "template": {"metadata": {"labels": {"v": "2"}}}}});
    world.merge(&format!("{DEPLOYMENTS}/d"), change).await;
    let pods = world.items(PODS, 2).await;
    assert!(pods.iter().all(|pod| pod["metadata"]["labels"]["v"].is_null()));
    world.items(REPLICA_SETS, 1).await;
    world.merge(&format!("{DEPLOYMENTS}/d"), json!({"spec": {"paused": false}})).await;
    roll_out(&world).await;
    assert!(world.items(PODS, 2).await.iter().all(|pod| pod["metadata"]["labels"]["v"] == "2"));
}

#[tokio::test(start_paused = true)]
async fn a_replica_set_adopts_releases_and_replaces_pods() {
    let world = World::new().await;
    let mut orphan = template("nginx:1");
    orphan["metadata"]["name"] = "orphan".into();
    world.post(PODS, orphan).await;
    let set = json!({"metadata": {"name": "r"}, "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": template("nginx:1")}});
    world.post(REPLICA_SETS, set).await;
    let owned = world
        .until(&format!("{PODS}/orphan"), |pod| {
            pod["metadata"]["ownerReferences"][0]["name"] == "r"
        })
        .await;
    assert_eq!(owned["metadata"]["ownerReferences"][0]["controller"], true);
    world.settle().await;
    world.items(PODS, 2).await;
    world
        .merge(&format!("{PODS}/orphan"), json!({"metadata": {"labels": {"app": null}}}))
        .await;
    world
        .until(&format!("{PODS}/orphan"), |pod| pod["metadata"]["ownerReferences"].is_null())
        .await;
    world.items(PODS, 3).await;
    let status = world
        .until(&format!("{REPLICA_SETS}/r"), |set| set["status"]["replicas"] == 2)
        .await["status"]
        .clone();
    assert_eq!(
        (status["fullyLabeledReplicas"].clone(), status["readyReplicas"].clone()),
        (json!(2), Value::Null)
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_names() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let world = World::new().await;
        world.post(DEPLOYMENTS, deployment(3, json!({}))).await;
        roll_out(&world).await;
        runs.push(
            world
                .items(PODS, 3)
                .await
                .iter()
                .map(|pod| pod["metadata"].clone())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(runs[0], runs[1]);
}
