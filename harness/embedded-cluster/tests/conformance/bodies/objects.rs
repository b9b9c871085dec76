//! Objects are created, read and replaced.

use serde_json::{Value, json};

use super::Body;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("objects/life", life),
        Body::new("objects/exists", exists),
        Body::new("objects/conflict", conflict),
        Body::new("objects/generate-name", generate_name),
        Body::new("objects/generation", generation),
        Body::new("objects/status", status),
        Body::new("objects/same-is-no-write", same_is_no_write),
        Body::new("objects/dry-run", dry_run),
        Body::new("objects/defaults", defaults),
    ]
}

/// A ConfigMap.
fn map(name: &str, data: Value) -> Value {
    json!({"metadata": {"name": name}, "data": data})
}

/// A Deployment without pods.
fn deployment(name: &str) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}},
        },
    })
}

async fn life(world: World) {
    let maps = world.path("configmaps");
    let made = world.api.post(&maps, map("a", json!({"k": "v"}))).await;
    assert_eq!(made.code, 201);
    let made = made.ok();
    assert_eq!((&made["kind"], &made["apiVersion"]), (&json!("ConfigMap"), &json!("v1")));
    assert_eq!(made["metadata"]["namespace"], world.namespace.as_str());
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        assert!(made["metadata"][field].is_string(), "{field}");
    }
    let one = format!("{maps}/a");
    assert_eq!(world.api.get(&one).await.ok(), made);
    let list = world.api.get(&format!("{maps}?fieldSelector=metadata.name=a")).await.ok();
    assert_eq!(list["kind"], "ConfigMapList");
    assert_eq!(list["items"][0]["metadata"], made["metadata"]);
    assert!(list["items"][0].get("kind").is_none(), "items of lists have no kind");
    let deleted = world.api.delete(&one, json!({})).await;
    assert_eq!(deleted.code, 200);
    let deleted = deleted.ok();
    assert_eq!(deleted["status"], "Success");
    assert_eq!(
        deleted["details"],
        json!({"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]})
    );
    let gone = world.api.get(&one).await;
    gone.refused(404, "NotFound", "configmaps \"a\" not found");
    assert_eq!(gone.body["details"], json!({"name": "a", "kind": "configmaps"}));
    world
        .api
        .delete(&one, json!({}))
        .await
        .refused(404, "NotFound", "configmaps \"a\" not found");
}

async fn exists(world: World) {
    let maps = world.path("configmaps");
    world.api.post(&maps, map("a", json!({}))).await.ok();
    let again = world.api.post(&maps, map("a", json!({}))).await;
    again.refused(409, "AlreadyExists", "configmaps \"a\" already exists");
}

async fn conflict(world: World) {
    let one = world.path("configmaps/a");
    let mut made = world.api.post(&world.path("configmaps"), map("a", json!({"k": "1"}))).await.ok();
    world.api.merge(&one, json!({"data": {"k": "2"}})).await.ok();
    made["data"]["k"] = json!("3");
    let stale = "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again";
    world.api.put(&one, &made).await.refused(409, "Conflict", stale);
    let version = made["metadata"]["resourceVersion"].take();
    let patch = json!({"metadata": {"resourceVersion": version}, "data": {"k": "4"}});
    world.api.merge(&one, patch).await.refused(409, "Conflict", stale);
    // Without a version it is written whatever is there.
    made["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    assert_eq!(world.api.put(&one, &made).await.ok()["data"]["k"], "3");
}

async fn generate_name(world: World) {
    let maps = world.path("configmaps");
    let body = json!({"metadata": {"generateName": "a-"}});
    let mut names = vec![];
    for _ in 0..2 {
        let made = world.api.post(&maps, body.clone()).await.ok();
        assert_eq!(made["metadata"]["generateName"], "a-");
        names.push(made["metadata"]["name"].as_str().unwrap().to_owned());
    }
    assert!(names.iter().all(|name| name.starts_with("a-") && name.len() == 7), "{names:?}");
    assert_ne!(names[0], names[1]);
}

async fn generation(world: World) {
    let maps = world.path("configmaps");
    world.api.post(&maps, map("a", json!({}))).await.ok();
    let other = json!({"metadata": {"generation": 7}});
    let patched = world.api.merge(&format!("{maps}/a"), other).await.ok();
    assert!(patched["metadata"].get("generation").is_none(), "it is not the client's");
    let one = world.path_in("apps/v1", "deployments/d");
    let made = world.api.post(&world.path_in("apps/v1", "deployments"), deployment("d")).await.ok();
    assert_eq!(made["metadata"]["generation"], 1);
    let labelled = world.api.merge(&one, json!({"metadata": {"labels": {"a": "b"}}})).await.ok();
    assert_eq!(labelled["metadata"]["generation"], 1);
    let changed = world.api.merge(&one, json!({"spec": {"paused": true}})).await.ok();
    assert_eq!(changed["metadata"]["generation"], 2);
    let selector = json!({"spec": {"selector": {"matchLabels": {"app": "y"}}}});
    world
        .api
        .merge(&one, selector)
        .await
        .refused_with(422, "Invalid", "`selector` does not match template `labels`");
}

async fn status(world: World) {
    let volumes = "/api/v1/persistentvolumes";
    let name = world.namespace.clone();
    let volume = json!({
        "metadata": {"name": name},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}, "storageClassName": "none"},
    });
    world.api.post(volumes, volume).await.ok();
    let one = format!("{volumes}/{name}");
    let patch = json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}, "status": {"message": "m"}});
    let by_status = world.api.merge(&format!("{one}/status"), patch.clone()).await.ok();
    assert_eq!(by_status["status"]["message"], "m");
    assert_eq!(by_status["spec"]["persistentVolumeReclaimPolicy"], "Retain");
    let other = json!({"spec": {"persistentVolumeReclaimPolicy": "Delete"}, "status": {"message": "n"}});
    let by_itself = world.api.merge(&one, other).await.ok();
    assert_ne!(by_itself["status"]["message"], "n");
    assert_eq!(by_itself["spec"]["persistentVolumeReclaimPolicy"], "Delete");
}

async fn same_is_no_write(world: World) {
    let one = world.path("configmaps/a");
    let made = world.api.post(&world.path("configmaps"), map("a", json!({"k": "v"}))).await.ok();
    let version = &made["metadata"]["resourceVersion"];
    assert_eq!(&world.api.put(&one, &made).await.ok()["metadata"]["resourceVersion"], version);
    let patched = world.api.merge(&one, json!({"data": {"k": "v"}})).await.ok();
    assert_eq!(&patched["metadata"]["resourceVersion"], version);
}

async fn dry_run(world: World) {
    let maps = world.path("configmaps");
    let made = world.api.post(&format!("{maps}?dryRun=All"), map("a", json!({"k": "v"}))).await;
    assert_eq!(made.code, 201);
    assert!(made.ok()["metadata"]["uid"].is_string());
    assert_eq!(world.api.get(&format!("{maps}/a")).await.code, 404);
    let other = world.api.post(&format!("{maps}?dryRun=Some"), map("a", json!({}))).await;
    // How the value is printed depends on the version.
    other.refused_with(
        422,
        "Invalid",
        "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: ",
    );
    other.refused_with(422, "Invalid", ": supported values: \"All\"");
}

async fn defaults(world: World) {
    let made = world.api.post(&world.path_in("apps/v1", "deployments"), deployment("d")).await.ok();
    let spec = &made["spec"];
    assert_eq!(
        spec["strategy"],
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}})
    );
    assert_eq!(
        (&spec["revisionHistoryLimit"], &spec["progressDeadlineSeconds"]),
        (&json!(10), &json!(600))
    );
    let pod = &spec["template"]["spec"];
    assert_eq!(
        pod["containers"],
        json!([{
            "name": "c", "image": "i:1", "imagePullPolicy": "IfNotPresent", "resources": {},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        }])
    );
    let mut rest = pod.clone();
    rest.as_object_mut().unwrap().remove("containers");
    assert_eq!(
        rest,
        json!({
            "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler", "securityContext": {},
            "terminationGracePeriodSeconds": 30,
        })
    );
    let service = json!({"metadata": {"name": "s"}, "spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]}});
    let service = world.api.post(&world.path("services"), service).await.ok();
    assert_eq!(service["spec"]["ports"], json!([{"protocol": "TCP", "port": 80, "targetPort": 80}]));
    assert_eq!(
        (&service["spec"]["type"], &service["spec"]["sessionAffinity"]),
        (&json!("ClusterIP"), &json!("None"))
    );
    assert!(service["spec"]["clusterIP"].as_str().unwrap().parse::<std::net::IpAddr>().is_ok());
}
