//! Webhooks beyond what the recordings show.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use serde_json::{Value, json};
use simnet::tls::Authority;
use tokio::time::{Duration, Instant};

use crate::world::World;

fn add(path: &str, value: Value) -> Value {
    json!({"op": "add", "path": path, "value": value})
}

#[tokio::test(start_paused = true)]
async fn slow_webhooks_are_given_up() {
    let world = World::new().await;
    world
        .hook("validating", "slow", json!({"delay": 60}), json!({"timeoutSeconds": 2}))
        .await;
    let start = Instant::now();
    let answer = world.map("a", json!({})).await;
    assert_eq!(answer.code, 500);
    assert!(
        answer.message().ends_with("/slow/hook?timeout=2s\": context deadline exceeded"),
        "{}",
        answer.message()
    );
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn certificates_are_checked() {
    let world = World::new().await;
    let other = Authority::new("other", world.network.clock()).unwrap();
    let [(_, url), _] = world.hooks.variables("h");
    let config = json!({"url": format!("{url}/hook"), "caBundle": STANDARD.encode(other.pem())});
    world.hook("validating", "h", json!({}), json!({"clientConfig": config})).await;
    let answer = world.map("a", json!({})).await;
    let expected = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    assert!(answer.message().ends_with(expected), "{}", answer.message());
}

#[tokio::test(start_paused = true)]
async fn services_are_found_by_name() {
    let world = World::new().await;
    let [_, (_, ca)] = world.hooks.variables("h");
    let service = json!({"name": "hook", "namespace": "default", "path": "/h/hook", "port": 18443});
    let config = json!({"service": service, "caBundle": ca});
    world
        .hook("validating", "h", json!({"allowed": false}), json!({"clientConfig": config}))
        .await;
    let missing = world.map("a", json!({})).await;
    assert!(missing.message().ends_with("service \"hook\" not found"), "{}", missing.message());
    let ports = json!([{"port": 18443}]);
    world
        .made(
            "/api/v1/namespaces/default/services",
            json!({"metadata": {"name": "hook"}, "spec": {"ports": ports}}),
        )
        .await;
    let nowhere = world.map("a", json!({})).await;
    assert!(
        nowhere.message().ends_with("lookup hook.default.svc: no such host"),
        "{}",
        nowhere.message()
    );
    world.network.name("hook.default.svc", "zone", "127.0.0.1");
    let answer = world.map("a", json!({})).await;
    // The certificate is for the address, so that it shows which name was asked for.
    assert!(answer.message().contains("not hook.default.svc"), "{}", answer.message());
}

#[rstest]
#[case::never(json!({}), 1)]
#[case::if_needed(json!({"reinvocationPolicy": "IfNeeded"}), 2)]
#[tokio::test(start_paused = true)]
async fn webhooks_see_what_later_ones_change(#[case] first: Value, #[case] calls: usize) {
    let world = World::new().await;
    world.hook("mutating", "a", json!({}), first).await;
    let patch = json!([add("/data", json!({"by": "b"}))]);
    world.hook("mutating", "b", json!({"patch": patch}), json!({})).await;
    let answer = world.map("m", json!({})).await;
    assert_eq!(answer.body["data"]["by"], "b");
    let reviews = world.hooks.reviews("a", 9);
    assert_eq!(reviews.len(), calls);
    let seen = &reviews.last().unwrap()["review"]["request"]["object"]["data"];
    assert_eq!(seen["by"], if calls == 2 { json!("b") } else { Value::Null });
    assert_eq!(world.hooks.reviews("b", 9).len(), 1);
    // Each write begins anew.
    world.hooks.reset("a");
    world.map("n", json!({})).await;
    assert_eq!(world.hooks.reviews("a", 9).len(), calls);
}

#[tokio::test(start_paused = true)]
async fn names_are_generated_after_webhooks() {
    let world = World::new().await;
    world.hook("mutating", "m", json!({}), json!({})).await;
    world.hook("validating", "v", json!({}), json!({})).await;
    let path = "/api/v1/namespaces/default/configmaps";
    let made = world.made(path, json!({"metadata": {"generateName": "x-"}})).await;
    let request = |hook: &str| world.hooks.reviews(hook, 1)[0]["review"]["request"].clone();
    assert_eq!(request("m")["object"]["metadata"]["name"], Value::Null);
    assert_eq!(request("v")["object"]["metadata"]["name"], made["metadata"]["name"]);
}

#[tokio::test(start_paused = true)]
async fn writes_at_the_same_time_are_not_lost() {
    let world = World::new().await;
    assert_eq!(world.map("a", json!({})).await.code, 201);
    world.hook("validating", "h", json!({"delay": 1}), json!({})).await;
    let (one, two, three) = tokio::join!(
        world.patch("a", json!({"data": {"one": "1"}})),
        world.patch("a", json!({"data": {"two": "2"}})),
        world.patch("a", json!({"data": {"three": "3"}})),
    );
    assert_eq!((one.code, two.code, three.code), (200, 200, 200));
    let map = world.send("GET", "/api/v1/namespaces/default/configmaps/a", Value::Null).await.body;
    assert_eq!(map["data"], json!({"one": "1", "two": "2", "three": "3"}));
}

#[tokio::test(start_paused = true)]
async fn nothing_comes_into_a_namespace_that_goes() {
    let world = World::new().await;
    world.made("/api/v1/namespaces", json!({"metadata": {"name": "gone"}})).await;
    world.hook("validating", "h", json!({"delay": 3}), json!({})).await;
    let late = async {
        let body = json!({"metadata": {"name": "late"}});
        world.send("POST", "/api/v1/namespaces/gone/configmaps", body).await
    };
    let delete = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.send("DELETE", "/api/v1/namespaces/gone", Value::Null).await
    };
    let (late, _) = tokio::join!(late, delete);
    assert!(matches!(late.code, 403 | 404), "{}", late.code);
}

#[tokio::test(start_paused = true)]
async fn warnings_and_parts() {
    let world = World::new().await;
    let rules = json!([{
        "apiGroups": ["", "apps"], "apiVersions": ["*"], "resources": ["deployments/scale", "pods/binding"], "operations": ["*"],
    }]);
    let rule = json!({"allowed": false, "warnings": ["mind the gap"]});
    world.hook("validating", "h", rule, json!({"rules": rules})).await;
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let spec = json!({"replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": template});
    let deployments = "/apis/apps/v1/namespaces/default/deployments";
    world.made(deployments, json!({"metadata": {"name": "d"}, "spec": spec})).await;
    let answer = world
        .send("PATCH", &format!("{deployments}/d/scale"), json!({"spec": {"replicas": 3}}))
        .await;
    assert_eq!((answer.code, answer.warnings), (400, vec!["mind the gap".to_owned()]));
    let pod = json!({"metadata": {"name": "p"}, "spec": {"schedulerName": "none", "containers": [{"name": "c", "image": "i"}]}});
    world.made("/api/v1/namespaces/default/pods", pod).await;
    let binding = json!({"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}});
    let answer = world.send("POST", "/api/v1/namespaces/default/pods/p/binding", binding).await;
    assert_eq!(answer.code, 400);
    let reviews = world.hooks.reviews("h", 9);
    let asked: Vec<String> = reviews
        .iter()
        .map(|review| &review["review"]["request"])
        .map(|r| {
            format!(
                "{} {}/{} {}",
                r["operation"], r["resource"]["resource"], r["subResource"], r["kind"]["kind"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(asked, ["UPDATE deployments/scale Scale", "CREATE pods/binding Binding"]);
    assert_eq!(reviews[0]["review"]["request"]["object"]["spec"]["replicas"], 3);
}

#[tokio::test(start_paused = true)]
async fn other_versions_are_meant_too() {
    let world = World::new().await;
    let definition = json!({
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [
                {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}},
                {"name": "v2", "served": true, "storage": false, "schema": {"openAPIV3Schema": {"type": "object"}}},
            ],
        },
    });
    world
        .made("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        .await;
    let rules = json!([{"apiGroups": ["example.com"], "apiVersions": ["v1"], "resources": ["widgets"], "operations": ["*"]}]);
    world.hook("validating", "any", json!({}), json!({"rules": rules})).await;
    world
        .hook("validating", "exact", json!({}), json!({"rules": rules, "matchPolicy": "Exact"}))
        .await;
    let widget = json!({"apiVersion": "example.com/v2", "kind": "Widget", "metadata": {"name": "w"}});
    world.made("/apis/example.com/v2/namespaces/default/widgets", widget).await;
    let request = world.hooks.reviews("any", 1)[0]["review"]["request"].clone();
    assert_eq!(
        (&request["kind"]["version"], &request["requestKind"]["version"]),
        (&json!("v1"), &json!("v2"))
    );
    assert_eq!(request["object"]["apiVersion"], "example.com/v1");
    assert!(world.hooks.reviews("exact", 1).is_empty());
}

#[tokio::test(start_paused = true)]
async fn ways_into_pods_are_asked_about() {
    let world = World::new().await;
    let rules = json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods/*"], "operations": ["CONNECT"]}]);
    world.hook("mutating", "m", json!({}), json!({"rules": rules})).await;
    world
        .hook("validating", "h", json!({"allowed": false}), json!({"rules": rules}))
        .await;
    let path = "/api/v1/namespaces/default/pods/p";
    let answer = world
        .send(
            "POST",
            &format!("{path}/exec?command=ls&command=-l&stdout=true&container=c"),
            Value::Null,
        )
        .await;
    assert!(
        answer
            .message()
            .starts_with("admission webhook \"h.example.com\" denied the request"),
        "{}",
        answer.message()
    );
    let request = world.hooks.reviews("h", 1)[0]["review"]["request"].clone();
    let exec = json!({"kind": "PodExecOptions", "apiVersion": "v1", "stdout": true, "container": "c", "command": ["ls", "-l"]});
    let expected = [
        ("operation", json!("CONNECT")),
        ("kind", json!({"group": "", "version": "v1", "kind": "PodExecOptions"})),
        ("resource", json!({"group": "", "version": "v1", "resource": "pods"})),
        ("subResource", json!("exec")),
        ("name", json!("p")),
        ("namespace", json!("default")),
        ("object", exec),
        ("oldObject", Value::Null),
        ("options", Value::Null),
    ];
    for (field, value) in expected {
        assert_eq!(request[field], value, "{field}");
    }
    world.send("POST", &format!("{path}/portforward?ports=80"), Value::Null).await;
    let object = world.hooks.reviews("h", 2).last().unwrap()["review"]["request"]["object"].clone();
    assert_eq!(object, json!({"kind": "PodPortForwardOptions", "apiVersion": "v1", "ports": [80]}));
    // Only then does anybody look for the pod.
    world.hooks.rule("h", json!({"hook": {}}));
    assert_eq!(
        world.send("POST", &format!("{path}/attach?stdout=true"), Value::Null).await.code,
        404
    );
}
