//! Endpoints of Services.

use serde_json::{Value, json};

use crate::world::{PODS, World, template};

const SERVICES: &str = "/api/v1/namespaces/ns/services";
const SLICES: &str = "/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices";
const ENDPOINTS: &str = "/api/v1/namespaces/ns/endpoints";

#[tokio::test(start_paused = true)]
async fn follow_the_readiness_of_pods() {
    let world = World::new().await;
    let ports = json!([{"name": "http", "port": 80, "targetPort": "web"}]);
    world
        .post(
            SERVICES,
            json!({"metadata": {"name": "s"}, "spec": {"ports": ports, "selector": {"app": "x"}}}),
        )
        .await;
    let empty = world.items(SLICES, 1).await;
    assert!(empty[0]["endpoints"].is_null() && empty[0]["ports"].is_null());

    let mut pod = template("nginx:1");
    pod["metadata"]["name"] = "p".into();
    pod["spec"]["containers"][0]["ports"] = json!([{"name": "web", "containerPort": 8088}]);
    let pod = world.post(PODS, pod).await;
    world.make_ready(&pod).await;
    let ready = |list: &Value| list["items"][0]["endpoints"][0]["conditions"]["ready"] == true;
    let list = world.until(SLICES, ready).await;
    let slice = &list["items"][0];
    assert_eq!(slice["endpoints"][0]["addresses"], json!(["10.0.0.7"]));
    assert_eq!(slice["ports"], json!([{"name": "http", "port": 8088, "protocol": "TCP"}]));
    let endpoints = world
        .until(&format!("{ENDPOINTS}/s"), |endpoints| endpoints["subsets"].is_array())
        .await;
    assert_eq!(endpoints["subsets"][0]["addresses"][0]["ip"], "10.0.0.7");

    let not_ready = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
    world.merge(&format!("{PODS}/p/status"), not_ready).await;
    world
        .until(SLICES, |list| list["items"][0]["endpoints"][0]["conditions"]["ready"] == false)
        .await;
    world
        .until(&format!("{ENDPOINTS}/s"), |endpoints| {
            endpoints["subsets"][0]["notReadyAddresses"].is_array()
        })
        .await;

    world.delete(&format!("{SERVICES}/s"), Value::Null).await;
    world.items(SLICES, 0).await;
    world.gone(&format!("{ENDPOINTS}/s")).await;
}

#[tokio::test(start_paused = true)]
async fn endpoints_kept_by_hand_are_mirrored() {
    let world = World::new().await;
    world
        .post(SERVICES, json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}))
        .await;
    let subset = json!({"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 80}]});
    world.post(ENDPOINTS, json!({"metadata": {"name": "s"}, "subsets": [subset]})).await;
    let slices = world.items(SLICES, 1).await;
    assert_eq!(
        slices[0]["endpoints"],
        json!([{"addresses": ["10.1.2.3"], "conditions": {"ready": true}}])
    );
    assert_eq!(slices[0]["metadata"]["labels"]["kubernetes.io/service-name"], "s");
}
