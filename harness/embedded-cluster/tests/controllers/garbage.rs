//! Owners and dependents.

use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{DEPLOYMENTS, PODS, REPLICA_SETS, World, name, template};

const MAPS: &str = "/api/v1/namespaces/ns/configmaps";

fn owner(owner: &Value, block: bool) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "name": name(owner), "uid": owner["metadata"]["uid"], "blockOwnerDeletion": block})
}

async fn map(world: &World, name: &str, owners: Vec<Value>, finalizers: Value) -> Value {
    world
        .post(
            MAPS,
            json!({"metadata": {"name": name, "ownerReferences": owners, "finalizers": finalizers}}),
        )
        .await
}

#[rstest]
#[case::background("Background", false)]
#[case::foreground("Foreground", false)]
#[case::orphan("Orphan", true)]
#[tokio::test(start_paused = true)]
async fn propagation(#[case] policy: &str, #[case] stays: bool) {
    let world = World::new().await;
    let top = map(&world, "top", vec![], json!([])).await;
    let middle = map(&world, "middle", vec![owner(&top, true)], json!([])).await;
    map(&world, "bottom", vec![owner(&middle, true)], json!([])).await;
    world.settle().await;
    world.delete(&format!("{MAPS}/top"), json!({"propagationPolicy": policy})).await;
    world.gone(&format!("{MAPS}/top")).await;
    if stays {
        world
            .until(&format!("{MAPS}/middle"), |map| map["metadata"]["ownerReferences"].is_null())
            .await;
        world.get(&format!("{MAPS}/bottom")).await.unwrap();
    } else {
        world.gone(&format!("{MAPS}/middle")).await;
        world.gone(&format!("{MAPS}/bottom")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_blocking_dependent_holds_its_owner() {
    let world = World::new().await;
    let top = map(&world, "top", vec![], json!([])).await;
    map(&world, "held", vec![owner(&top, true)], json!(["a.com/x"])).await;
    world.settle().await;
    world
        .delete(&format!("{MAPS}/top"), json!({"propagationPolicy": "Foreground"}))
        .await;
    world
        .until(&format!("{MAPS}/held"), |map| map["metadata"]["deletionTimestamp"].is_string())
        .await;
    world.settle().await;
    world.get(&format!("{MAPS}/top")).await.unwrap();
    world
        .merge(&format!("{MAPS}/held"), json!({"metadata": {"finalizers": null}}))
        .await;
    world.gone(&format!("{MAPS}/top")).await;
}

#[tokio::test(start_paused = true)]
async fn one_owner_is_enough_and_none_is_not() {
    let world = World::new().await;
    let (a, b) = (map(&world, "a", vec![], json!([])).await, map(&world, "b", vec![], json!([])).await);
    map(&world, "both", vec![owner(&a, false), owner(&b, false)], json!([])).await;
    world.settle().await;
    world.delete(&format!("{MAPS}/a"), Value::Null).await;
    let both = world
        .until(&format!("{MAPS}/both"), |map| {
            map["metadata"]["ownerReferences"].as_array().is_some_and(|o| o.len() == 1)
        })
        .await;
    assert_eq!(both["metadata"]["ownerReferences"][0]["name"], "b");
    world.delete(&format!("{MAPS}/b"), Value::Null).await;
    world.gone(&format!("{MAPS}/both")).await;

    let mut ghost = owner(&a, false);
    ghost["uid"] = "11111111-2222-3333-4444-555555555555".into();
    map(&world, "lost", vec![ghost], json!([])).await;
    world.gone(&format!("{MAPS}/lost")).await;
}

/// Flyte's propeller writes the kind of its pods' owner in lower case.
#[tokio::test(start_paused = true)]
async fn custom_owners_may_be_named_in_lower_case() {
    let world = World::new().await;
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    world
        .post(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
            json!({
                "metadata": {"name": "flyteworkflows.flyte.lyft.com"},
                "spec": {
                    "group": "flyte.lyft.com", "scope": "Namespaced",
                    "names": {"plural": "flyteworkflows", "singular": "flyteworkflow", "kind": "FlyteWorkflow"},
                    "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": schema}],
                },
            }),
        )
        .await;
    world.settle().await;
    let workflows = "/apis/flyte.lyft.com/v1alpha1/namespaces/ns/flyteworkflows";
    let body = json!({"apiVersion": "flyte.lyft.com/v1alpha1", "kind": "FlyteWorkflow", "metadata": {"name": "w"}});
    let workflow = world.post(workflows, body).await;
    let mut pod = template("nginx:1");
    let uid = workflow["metadata"]["uid"].clone();
    pod["metadata"]["name"] = "p".into();
    pod["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "flyte.lyft.com/v1alpha1", "kind": "flyteworkflow", "name": "w", "uid": uid, "controller": true}]);
    world.post(PODS, pod).await;
    world.settle().await;
    world.get(&format!("{PODS}/p")).await.unwrap();
    world.delete(&format!("{workflows}/w"), Value::Null).await;
    world.gone(&format!("{PODS}/p")).await;
}

#[tokio::test(start_paused = true)]
async fn a_deployment_takes_its_pods_with_it() {
    let world = World::new().await;
    let spec = json!({"replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": template("nginx:1")});
    world.post(DEPLOYMENTS, json!({"metadata": {"name": "d"}, "spec": spec})).await;
    world.items(PODS, 2).await;
    world.delete(&format!("{DEPLOYMENTS}/d"), Value::Null).await;
    world.items(REPLICA_SETS, 0).await;
    world.items(PODS, 0).await;
}
