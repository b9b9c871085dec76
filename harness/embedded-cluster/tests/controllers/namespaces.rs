//! Namespaces and what each of them gets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::world::{PODS, SECRETS, World, condition, template};

const NS: &str = "/api/v1/namespaces/ns";

#[tokio::test(start_paused = true)]
async fn every_namespace_has_an_account_and_the_ca() {
    let world = World::new().await;
    for namespace in ["default", "kube-system", "ns"] {
        let base = format!("/api/v1/namespaces/{namespace}");
        let map = world.until(&format!("{base}/configmaps/kube-root-ca.crt"), |_| true).await;
        assert!(map["data"]["ca.crt"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
        world.until(&format!("{base}/serviceaccounts/default"), |_| true).await;
    }
    world.delete(&format!("{NS}/serviceaccounts/default"), Value::Null).await;
    world
        .merge(&format!("{NS}/configmaps/kube-root-ca.crt"), json!({"data": {"ca.crt": "wrong"}}))
        .await;
    world.until(&format!("{NS}/serviceaccounts/default"), |_| true).await;
    world
        .until(&format!("{NS}/configmaps/kube-root-ca.crt"), |map| map["data"]["ca.crt"] != "wrong")
        .await;
}

#[tokio::test(start_paused = true)]
async fn deletion_empties_pods_first() {
    let world = World::new().await;
    let mut pod = template("nginx:1");
    pod["metadata"]["name"] = "held".into();
    pod["metadata"]["finalizers"] = json!(["a.com/x"]);
    world.post(PODS, pod).await;
    world.post(&format!("{NS}/configmaps"), json!({"metadata": {"name": "m"}})).await;
    world.delete(NS, Value::Null).await;
    let held = world
        .until(NS, |ns| {
            condition(ns, "NamespaceFinalizersRemaining").is_some_and(|c| c["status"] == "True")
        })
        .await;
    assert_eq!(
        condition(&held, "NamespaceContentRemaining").unwrap()["message"],
        "Some resources are remaining: pods. has 1 resource instances"
    );
    world.get(&format!("{NS}/configmaps/m")).await.unwrap();
    world
        .merge(&format!("{PODS}/held"), json!({"metadata": {"finalizers": null}}))
        .await;
    world.gone(NS).await;
    world.gone(&format!("{NS}/configmaps/m")).await;
}

#[tokio::test(start_paused = true)]
async fn tokens_of_secrets_work_until_their_account_goes() {
    let world = World::new().await;
    world
        .post(&format!("{NS}/serviceaccounts"), json!({"metadata": {"name": "bot"}}))
        .await;
    let annotations = json!({"kubernetes.io/service-account.name": "bot"});
    let secret = json!({"metadata": {"name": "t", "annotations": annotations}, "type": "kubernetes.io/service-account-token"});
    world.post(SECRETS, secret).await;
    let filled = world
        .until(&format!("{SECRETS}/t"), |secret| secret["data"]["token"].is_string())
        .await;
    let text = |key: &str| String::from_utf8(STANDARD.decode(filled["data"][key].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(text("namespace"), "ns");
    assert!(text("ca.crt").starts_with("-----BEGIN CERTIFICATE-----"));
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": text("token")}});
    let reviewed = world.post("/apis/authentication.k8s.io/v1/tokenreviews", review).await;
    assert_eq!(reviewed["status"]["user"]["username"], "system:serviceaccount:ns:bot");
    world.delete(&format!("{NS}/serviceaccounts/bot"), Value::Null).await;
    world.gone(&format!("{SECRETS}/t")).await;
}

#[tokio::test(start_paused = true)]
async fn aggregated_roles_follow_their_parts() {
    let world = World::new().await;
    let roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
    let labels = json!({"rbac.authorization.k8s.io/aggregate-to-view": "true"});
    let rule = json!({"apiGroups": ["flyte.lyft.com"], "resources": ["flyteworkflows"], "verbs": ["get"]});
    world
        .post(roles, json!({"metadata": {"name": "workflows", "labels": labels}, "rules": [rule]}))
        .await;
    let has = |role: &Value| role["rules"].as_array().unwrap().contains(&rule);
    world.until(&format!("{roles}/view"), has).await;
    world.delete(&format!("{roles}/workflows"), Value::Null).await;
    world.until(&format!("{roles}/view"), |role| !has(role)).await;
}

#[tokio::test(start_paused = true)]
async fn quotas_tell_what_is_used() {
    let world = World::new().await;
    let hard = json!({"limits.cpu": "4", "requests.memory": "4Gi", "pods": "9", "count/deployments.apps": "2", "configmaps": "5"});
    world
        .post(
            &format!("{NS}/resourcequotas"),
            json!({"metadata": {"name": "q"}, "spec": {"hard": hard}}),
        )
        .await;
    for name in ["a", "b"] {
        let mut pod = template("nginx:1");
        pod["metadata"]["name"] = name.into();
        pod["spec"]["containers"][0]["resources"] = json!({"limits": {"cpu": "500m", "memory": "1Gi"}});
        world.post(PODS, pod).await;
    }
    let used = json!({"limits.cpu": "1", "requests.memory": "2Gi", "pods": "2", "count/deployments.apps": "0", "configmaps": "1"});
    let quota = format!("{NS}/resourcequotas/q");
    world.until(&quota, |quota| quota["status"]["used"] == used).await;
    world.delete(&format!("{PODS}/a"), json!({"gracePeriodSeconds": 0})).await;
    world.until(&quota, |quota| quota["status"]["used"]["limits.cpu"] == "500m").await;
}
