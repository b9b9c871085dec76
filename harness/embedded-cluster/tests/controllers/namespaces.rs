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

/// Also before there is such a kind, and after.
#[tokio::test(start_paused = true)]
async fn quotas_count_custom_objects() {
    let world = World::new().await;
    let quota = format!("{NS}/resourcequotas/q");
    let name = "count/widgets.example.com";
    let body = json!({"metadata": {"name": "q"}, "spec": {"hard": {name: "1", "pods": "9"}}});
    world.post(&format!("{NS}/resourcequotas"), body).await;
    let counted = world.until(&quota, |quota| quota["status"]["used"]["pods"] == "0").await;
    assert_eq!(counted["status"]["used"].get(name), None);

    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let schema = json!({"openAPIV3Schema": {"type": "object"}});
    let version = json!({"name": "v1", "served": true, "storage": true, "schema": schema});
    let names = json!({"plural": "widgets", "kind": "Widget"});
    let spec = json!({"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]});
    let body = json!({"metadata": {"name": "widgets.example.com"}, "spec": spec});
    world.post(definitions, body).await;
    world.until(&quota, |quota| quota["status"]["used"][name] == "0").await;

    let widgets = "/apis/example.com/v1/namespaces/ns/widgets";
    let widget = |name: &str| json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}});
    world.post(widgets, widget("a")).await;
    let refused = world.send("POST", widgets, "application/json", widget("b")).await;
    assert_eq!(
        refused,
        Err((
            403,
            format!(r#"widgets.example.com "b" is forbidden: exceeded quota: q, requested: {name}=1, used: {name}=1, limited: {name}=1"#)
        ))
    );
    world.until(&quota, |quota| quota["status"]["used"][name] == "1").await;
    world.delete(&format!("{widgets}/a"), Value::Null).await;
    world.post(widgets, widget("b")).await;
    world.delete(&format!("{definitions}/widgets.example.com"), Value::Null).await;
    world.until(&quota, |quota| quota["status"]["used"].get(name).is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn evicted_pods_say_why_they_go() {
    let world = World::new().await;
    world.node("node-1").await;
    let mut pod = template("nginx:1");
    pod["metadata"]["name"] = "a".into();
    pod["spec"]["nodeName"] = "node-1".into();
    let pod = world.post(PODS, pod).await;
    let path = format!("{PODS}/a");
    let evict = async |options: Value| {
        let body = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "a"}, "deleteOptions": options});
        world.send("POST", &format!("{path}/eviction"), "application/json", body).await
    };
    evict(json!({"dryRun": ["All"]})).await.unwrap();
    let other = evict(json!({"preconditions": {"uid": "other"}})).await;
    assert_eq!(other.map_err(|(code, _)| code), Err(409));
    assert!(condition(&world.get(&path).await.unwrap(), "DisruptionTarget").is_none());

    let read = pod["metadata"]["resourceVersion"].clone();
    evict(json!({"preconditions": {"resourceVersion": read}})).await.unwrap();
    let going = world.get(&path).await.unwrap();
    assert!(going["metadata"]["deletionTimestamp"].is_string());
    let why = condition(&going, "DisruptionTarget").unwrap();
    let is = [&why["status"], &why["reason"], &why["message"]];
    assert_eq!(is, ["True", "EvictionByEvictionAPI", "Eviction API: evicting"]);
}

/// Objects whose definition is being deleted hold their namespace, too.
#[tokio::test(start_paused = true)]
async fn waits_for_objects_whose_definition_goes() {
    const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const FOOS: &str = "/apis/x.io/v1/namespaces/ns/foos";
    let world = World::new().await;
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let versions = json!([{"name": "v1", "served": true, "storage": true, "schema": schema}]);
    let names = json!({"kind": "Foo", "plural": "foos"});
    let spec = json!({"group": "x.io", "names": names, "scope": "Namespaced", "versions": versions});
    world
        .post(DEFINITIONS, json!({"metadata": {"name": "foos.x.io"}, "spec": spec}))
        .await;
    world.until(FOOS, |_| true).await;
    let foo = json!({"apiVersion": "x.io/v1", "kind": "Foo", "metadata": {"name": "f", "finalizers": ["a.b/c"]}});
    world.post(FOOS, foo).await;
    world.delete(&format!("{DEFINITIONS}/foos.x.io"), Value::Null).await;
    world.settle().await;
    world.delete(NS, Value::Null).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let held = world.get(NS).await.unwrap();
    let remaining = condition(&held, "NamespaceContentRemaining").unwrap();
    assert_eq!(
        remaining["message"],
        "Some resources are remaining: foos.x.io has 1 resource instances"
    );
    world.merge(&format!("{FOOS}/f"), json!({"metadata": {"finalizers": null}})).await;
    world.gone(NS).await;
}
