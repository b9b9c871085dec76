//! A cluster at rest.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::world::{DEPLOYMENTS, JOBS, PODS, World, template};

/// Every controller has something, and none writes once it is as it should be.
#[tokio::test(start_paused = true)]
async fn nothing_is_written_when_nothing_changes() {
    let world = World::new().await;
    world.node("node-1").await;
    let by = json!({"matchLabels": {"app": "x"}});
    let spec = json!({"replicas": 2, "selector": by, "template": template("nginx:1")});
    world
        .post(
            DEPLOYMENTS,
            json!({"metadata": {"name": "d", "annotations": {"a": "b"}}, "spec": spec}),
        )
        .await;
    let mut named = template("nginx:1");
    named["metadata"]["labels"]["app"] = "named".into();
    let spec = json!({"serviceName": "s", "selector": {"matchLabels": {"app": "named"}}, "template": named});
    world
        .post(
            "/apis/apps/v1/namespaces/ns/statefulsets",
            json!({"metadata": {"name": "s"}, "spec": spec}),
        )
        .await;
    let mut each = template("nginx:1");
    each["metadata"]["labels"]["app"] = "each".into();
    let spec = json!({"selector": {"matchLabels": {"app": "each"}}, "template": each});
    world
        .post(
            "/apis/apps/v1/namespaces/ns/daemonsets",
            json!({"metadata": {"name": "e"}, "spec": spec}),
        )
        .await;
    let mut once = template("nginx:1");
    once["spec"]["restartPolicy"] = "Never".into();
    once["metadata"]["labels"]["app"] = "once".into();
    world
        .post(JOBS, json!({"metadata": {"name": "j"}, "spec": {"template": once}}))
        .await;
    let service = json!({"metadata": {"name": "s", "labels": {"a": "b"}}, "spec": {"ports": [{"port": 80}], "selector": {"app": "x"}}});
    world.post("/api/v1/namespaces/ns/services", service).await;
    let budget = json!({"metadata": {"name": "b"}, "spec": {"minAvailable": 1, "selector": by}});
    world.post("/apis/policy/v1/namespaces/ns/poddisruptionbudgets", budget).await;
    let quota = json!({"metadata": {"name": "q"}, "spec": {"hard": {"pods": "20", "limits.cpu": "4"}}});
    world.post("/api/v1/namespaces/ns/resourcequotas", quota).await;
    for pod in world.items(PODS, 5).await {
        world.make_ready(&pod).await;
    }
    world.settle().await;
    let revision = || async { world.get(PODS).await.unwrap()["metadata"]["resourceVersion"].clone() };
    let before = revision().await;
    let started = Instant::now();
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(started.elapsed(), Duration::from_secs(3600));
    assert_eq!(revision().await, before);
}
