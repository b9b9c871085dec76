//! Quotas and limit ranges.

use serde_json::{Value, json};

use super::Body;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("limits/quota", quota).with_controllers(),
        Body::new("limits/defaults", defaults),
        Body::new("limits/maximum", maximum),
    ]
}

async fn quota(world: World) {
    let quotas = world.path("resourcequotas");
    let hard = json!({"hard": {"services": "1"}});
    world.api.post(&quotas, json!({"metadata": {"name": "q"}, "spec": hard})).await.ok();
    let used = |count: &'static str| move |quota: Option<&Value>| quota.is_some_and(|quota| quota["status"]["used"]["services"] == count);
    world.api.until(&quotas, "q", used("0")).await;
    let services = world.path("services");
    let service = |name: &str| json!({"metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}});
    world.api.post(&services, service("a")).await.ok();
    world.api.until(&quotas, "q", used("1")).await;
    world.api.post(&services, service("b")).await.refused(
        403,
        "Forbidden",
        "services \"b\" is forbidden: exceeded quota: q, requested: services=1, used: services=1, limited: services=1",
    );
    world.api.delete(&format!("{services}/a"), json!({})).await.ok();
    world.api.until(&quotas, "q", used("0")).await;
    world.api.post(&services, service("b")).await.ok();
}

/// A pod without a token, which before 1.24 has to be there first.
fn pod(name: &str, resources: Value) -> Value {
    let container = json!({"name": "c", "image": "i:1", "resources": resources});
    json!({"metadata": {"name": name}, "spec": {"automountServiceAccountToken": false, "containers": [container]}})
}

async fn limited(world: &World, limit: Value) {
    let body = json!({"metadata": {"name": "l"}, "spec": {"limits": [limit]}});
    world.api.post(&world.path("limitranges"), body).await.ok();
    account(world).await;
}

/// Pods need one. Without a controller that makes it, it is made by hand.
async fn account(world: &World) {
    let accounts = world.path("serviceaccounts");
    let made = world.api.post(&accounts, json!({"metadata": {"name": "default"}})).await;
    assert!([201, 409].contains(&made.code), "{made:?}");
}

async fn defaults(world: World) {
    let limit = json!({"type": "Container", "default": {"cpu": "200m"}, "defaultRequest": {"cpu": "100m", "memory": "64Mi"}});
    limited(&world, limit).await;
    let pods = world.path("pods");
    let made = world.api.post(&pods, pod("a", json!({}))).await.ok();
    let resources = &made["spec"]["containers"][0]["resources"];
    let requests = json!({"cpu": "100m", "memory": "64Mi"});
    assert_eq!(resources, &json!({"limits": {"cpu": "200m"}, "requests": requests}));
    assert_eq!(
        made["metadata"]["annotations"]["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu, memory request for container c; cpu limit for container c"
    );
    let own = json!({"limits": {"cpu": "1"}});
    let made = world.api.post(&pods, pod("b", own)).await.ok();
    let resources = &made["spec"]["containers"][0]["resources"];
    let requests = json!({"cpu": "1", "memory": "64Mi"});
    assert_eq!(resources, &json!({"limits": {"cpu": "1"}, "requests": requests}));
}

async fn maximum(world: World) {
    limited(&world, json!({"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "100m"}})).await;
    let pods = world.path("pods");
    let much = json!({"limits": {"cpu": "2"}});
    world.api.post(&pods, pod("a", much)).await.refused(
        403,
        "Forbidden",
        "pods \"a\" is forbidden: maximum cpu usage per Container is 1, but limit is 2",
    );
    let little = json!({"limits": {"cpu": "50m"}});
    world.api.post(&pods, pod("a", little)).await.refused(
        403,
        "Forbidden",
        "pods \"a\" is forbidden: minimum cpu usage per Container is 100m, but request is 50m",
    );
    world.api.post(&pods, pod("a", json!({}))).await.ok();
}
