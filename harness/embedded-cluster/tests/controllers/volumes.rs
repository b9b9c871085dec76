//! Volume claims and their volumes.

use serde_json::{Value, json};

use crate::world::{PODS, World, template};

const CLAIMS: &str = "/api/v1/namespaces/ns/persistentvolumeclaims";
const VOLUMES: &str = "/api/v1/persistentvolumes";
const CLASSES: &str = "/apis/storage.k8s.io/v1/storageclasses";

fn claim(name: &str, extra: Value) -> Value {
    let mut spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}});
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"metadata": {"name": name}, "spec": spec})
}

fn phase(wanted: &'static str) -> impl Fn(&Value) -> bool {
    move |object| object["status"]["phase"] == wanted
}

#[tokio::test(start_paused = true)]
async fn the_default_class_makes_volumes_that_go_with_their_claims() {
    let world = World::new().await;
    let metadata = json!({"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}});
    let class = json!({"metadata": metadata, "provisioner": "memory.multiplane.dev", "volumeBindingMode": "WaitForFirstConsumer"});
    world.post(CLASSES, class).await;
    world.post(CLAIMS, claim("data", json!({}))).await;
    world.settle().await;
    let path = format!("{CLAIMS}/data");
    assert_eq!(world.get(&path).await.unwrap()["status"]["phase"], "Pending");
    let event = world.events("PersistentVolumeClaim", "data").await.remove(0);
    let waits = (
        "WaitForFirstConsumer".to_owned(),
        "waiting for first consumer to be created before binding".to_owned(),
    );
    assert_eq!(event, waits);

    let mut pod = template("nginx:1");
    pod["metadata"]["name"] = "p".into();
    pod["spec"]["volumes"] = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]);
    pod["spec"]["schedulerName"] = Value::Null;
    pod["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": "node-2"});
    world.post(PODS, pod).await;
    world.node("node-1").await;
    world.settle().await;
    assert_eq!(
        world.get(&path).await.unwrap()["status"]["phase"],
        "Pending",
        "no node fits the pod"
    );
    world.node("node-2").await;
    let bound = world.until(&path, phase("Bound")).await;
    assert_eq!(bound["metadata"]["annotations"]["volume.kubernetes.io/selected-node"], "node-2");
    world.until(&format!("{PODS}/p"), |pod| pod["spec"]["nodeName"] == "node-2").await;
    let name = format!("pvc-{}", bound["metadata"]["uid"].as_str().unwrap());
    assert_eq!(bound["spec"]["volumeName"], name.as_str());
    assert_eq!(
        bound["status"],
        json!({"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}})
    );
    let volume = world.get(&format!("{VOLUMES}/{name}")).await.unwrap();
    assert_eq!(
        (&volume["status"]["phase"], &volume["spec"]["storageClassName"]),
        (&json!("Bound"), &json!("standard"))
    );

    world.delete(&format!("{PODS}/p"), json!({"gracePeriodSeconds": 0})).await;
    world.delete(&path, Value::Null).await;
    world.gone(&path).await;
    world.gone(&format!("{VOLUMES}/{name}")).await;
}

#[tokio::test(start_paused = true)]
async fn volumes_that_are_there_are_bound_and_kept() {
    let world = World::new().await;
    let spec = json!({"capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/d"}});
    world.post(CLAIMS, claim("early", json!({"storageClassName": ""}))).await;
    world.settle().await;
    let event = world.events("PersistentVolumeClaim", "early").await.remove(0);
    assert_eq!(
        event.1,
        "no persistent volumes available for this claim and no storage class is set"
    );
    world.post(VOLUMES, json!({"metadata": {"name": "disk"}, "spec": spec})).await;
    let bound = world.until(&format!("{CLAIMS}/early"), phase("Bound")).await;
    assert_eq!(
        (&bound["spec"]["volumeName"], &bound["status"]["capacity"]),
        (&json!("disk"), &json!({"storage": "5Gi"}))
    );

    world.delete(&format!("{CLAIMS}/early"), Value::Null).await;
    let released = world.until(&format!("{VOLUMES}/disk"), phase("Released")).await;
    assert_eq!(released["spec"]["claimRef"]["name"], "early");
    // What an earlier claim of this name wrote is not for a later one.
    world.post(CLAIMS, claim("early", json!({"storageClassName": ""}))).await;
    world.settle().await;
    assert_eq!(world.get(&format!("{CLAIMS}/early")).await.unwrap()["status"]["phase"], "Pending");
    world.post(CLAIMS, claim("other", json!({"storageClassName": "none"}))).await;
    world.settle().await;
    let event = world.events("PersistentVolumeClaim", "other").await.remove(0);
    assert_eq!(event.1, "storageclass.storage.k8s.io \"none\" not found");
}
