//! Stateful sets and daemon sets, and budgets for their pods.

use serde_json::{Value, json};

use crate::world::{DEPLOYMENTS, PODS, World, condition, name, template};

const STATEFUL_SETS: &str = "/apis/apps/v1/namespaces/ns/statefulsets";
const DAEMON_SETS: &str = "/apis/apps/v1/namespaces/ns/daemonsets";

fn set(extra: Value) -> Value {
    let mut spec = json!({"selector": {"matchLabels": {"app": "x"}}, "template": template("nginx:1")});
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"metadata": {"name": "s"}, "spec": spec})
}

#[tokio::test(start_paused = true)]
async fn ordinals_in_order_up_update_and_down() {
    let world = World::new().await;
    world.post(STATEFUL_SETS, set(json!({"replicas": 2, "serviceName": "s"}))).await;
    let first = world.items(PODS, 1).await;
    assert_eq!(name(&first[0]), "s-0");
    world.settle().await;
    world.make_ready(&world.items(PODS, 1).await[0]).await;
    let pods = world.items(PODS, 2).await;
    world.make_ready(&pods[1]).await;
    let path = format!("{STATEFUL_SETS}/s");
    let settled = world.until(&path, |set| set["status"]["availableReplicas"] == 2).await;
    assert_eq!(settled["status"]["currentRevision"], settled["status"]["updateRevision"]);

    world
        .merge(&path, json!({"spec": {"template": {"metadata": {"labels": {"v": "2"}}}}}))
        .await;
    let updated = |pod: &Value| pod["metadata"]["labels"]["v"] == "2";
    world.make_ready(&world.until(&format!("{PODS}/s-1"), updated).await).await;
    world.make_ready(&world.until(&format!("{PODS}/s-0"), updated).await).await;
    world
        .until(&path, |set| {
            set["status"]["currentRevision"] == set["status"]["updateRevision"] && set["status"]["readyReplicas"] == 2
        })
        .await;

    world.merge(&path, json!({"spec": {"replicas": 1}})).await;
    world.gone(&format!("{PODS}/s-1")).await;
    world.get(&format!("{PODS}/s-0")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_pod_a_node() {
    let world = World::new().await;
    world.node("node-1").await;
    let mut body = set(json!({}));
    body["spec"]["template"]["spec"].as_object_mut().unwrap().remove("schedulerName");
    world.post(DAEMON_SETS, body).await;
    let placed =
        |node: &'static str| move |list: &Value| list["items"].as_array().unwrap().iter().any(|pod| pod["spec"]["nodeName"] == node);
    world.until(PODS, placed("node-1")).await;
    world.node("node-2").await;
    world.until(PODS, placed("node-2")).await;
    for pod in world.items(PODS, 2).await {
        world.make_ready(&pod).await;
    }
    let status = world
        .until(&format!("{DAEMON_SETS}/s"), |set| set["status"]["numberAvailable"] == 2)
        .await["status"]
        .clone();
    assert_eq!(
        (status["desiredNumberScheduled"].clone(), status["updatedNumberScheduled"].clone()),
        (json!(2), json!(2))
    );
    world.delete("/api/v1/nodes/node-2", Value::Null).await;
    world.items(PODS, 1).await;
}

#[tokio::test(start_paused = true)]
async fn replication_controllers() {
    const CONTROLLERS: &str = "/api/v1/namespaces/ns/replicationcontrollers";
    let world = World::new().await;
    let orphan = template("nginx:1");
    let mut orphan: Value = json!({"metadata": orphan["metadata"], "spec": orphan["spec"]});
    orphan["metadata"]["name"] = "orphan".into();
    world.post(PODS, orphan).await;
    let spec = json!({"replicas": 2, "selector": {"app": "x"}, "template": template("nginx:1")});
    world.post(CONTROLLERS, json!({"metadata": {"name": "c"}, "spec": spec})).await;
    let pods = world.items(PODS, 2).await;
    assert!(
        pods.iter()
            .all(|pod| pod["metadata"]["ownerReferences"][0]["kind"] == "ReplicationController")
    );
    assert!(pods.iter().any(|pod| name(pod) == "orphan"));
    for pod in &pods {
        world.make_ready(pod).await;
    }
    let path = format!("{CONTROLLERS}/c");
    let settled = world.until(&path, |set| set["status"]["availableReplicas"] == 2).await;
    let expected = json!({"availableReplicas": 2, "fullyLabeledReplicas": 2, "observedGeneration": 1, "readyReplicas": 2, "replicas": 2});
    assert_eq!(settled["status"], expected);
    world.merge(&format!("{path}/scale"), json!({"spec": {"replicas": 1}})).await;
    world.items(PODS, 1).await;
    for replicas in [json!("x"), json!(i64::MAX)] {
        let scale = json!({"spec": {"replicas": replicas}});
        let refused = world
            .send("PATCH", &format!("{path}/scale"), "application/merge-patch+json", scale)
            .await;
        assert_eq!(refused.map_err(|(code, _)| code), Err(422));
    }
    // Without these words, its pods would be left to themselves: that is its old default.
    world.delete(&path, json!({"propagationPolicy": "Background"})).await;
    world.items(PODS, 0).await;
}

/// A scale is kept within its bounds; for more, there are no metrics.
#[tokio::test(start_paused = true)]
async fn autoscalers_without_metrics() {
    let world = World::new().await;
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"});
    let body = json!({"metadata": {"name": "h"}, "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 3}});
    let scalers = "/apis/autoscaling/v2/namespaces/ns/horizontalpodautoscalers";
    world.post(scalers, body).await;
    let path = format!("{scalers}/h");
    let says = |kind: &'static str, reason: &'static str| move |h: &Value| condition(h, kind).is_some_and(|c| c["reason"] == reason);
    let lost = world.until(&path, says("AbleToScale", "FailedGetScale")).await;
    assert_eq!(
        condition(&lost, "AbleToScale").unwrap()["message"],
        r#"the HPA controller was unable to get the target's current scale: deployments.apps "d" not found"#
    );

    let spec = json!({"replicas": 1, "selector": {"matchLabels": {"app": "x"}}, "template": template("nginx:1")});
    world.post(DEPLOYMENTS, json!({"metadata": {"name": "d"}, "spec": spec})).await;
    let deployment = format!("{DEPLOYMENTS}/d");
    world.until(&deployment, |d| d["spec"]["replicas"] == 2).await;
    let blind = world.until(&path, says("ScalingActive", "FailedGetResourceMetric")).await;
    assert_eq!(
        condition(&blind, "ScalingActive").unwrap()["message"],
        "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to \
         fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"
    );
    world.merge(&deployment, json!({"spec": {"replicas": 9}})).await;
    world.until(&deployment, |d| d["spec"]["replicas"] == 3).await;
    world.settle().await;
    let settled = world.get(&path).await.unwrap();
    assert_eq!(
        (&settled["status"]["currentReplicas"], &settled["status"]["desiredReplicas"]),
        (&json!(3), &json!(3))
    );
    world.merge(&deployment, json!({"spec": {"replicas": 0}})).await;
    world.until(&path, says("ScalingActive", "ScalingDisabled")).await;
    world.settle().await;
    assert_eq!(world.get(&deployment).await.unwrap()["spec"]["replicas"], 0);
    let mut reasons: Vec<String> = world
        .events("HorizontalPodAutoscaler", "h")
        .await
        .into_iter()
        .map(|(reason, _)| reason)
        .collect();
    reasons.dedup();
    let expected = [
        "FailedComputeMetricsReplicas",
        "FailedGetResourceMetric",
        "FailedGetScale",
        "SuccessfulRescale",
    ];
    assert_eq!(reasons, expected);
}
