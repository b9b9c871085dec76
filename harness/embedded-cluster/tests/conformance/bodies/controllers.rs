//! Workloads and Services, with pods that nobody runs: the test says how they are.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use serde_json::{Value, json};

use super::Body;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    let bodies = vec![
        Body::new("controllers/deployment", deployment),
        Body::new("controllers/roll-out-and-back", roll_out_and_back),
        Body::new("controllers/replicas-are-adopted-and-released", adopted_and_released),
        Body::new("controllers/stateful-set", stateful_set),
        Body::new("controllers/job", job),
        Body::new("controllers/job-that-fails", job_that_fails),
        Body::new("controllers/endpoints", endpoints),
        Body::new("controllers/node-that-is-ready", node_that_is_ready),
    ];
    bodies.into_iter().map(Body::with_controllers).collect()
}

const SELECTED: &str = "labelSelector=app%3Dx";

/// A pod of the image, without a token, which before 1.24 has to be there first.
fn template(image: &str, restart: &str) -> Value {
    let container = json!({"name": "c", "image": image});
    json!({
        "metadata": {"labels": {"app": "x"}},
        "spec": {"automountServiceAccountToken": false, "restartPolicy": restart, "containers": [container]},
    })
}

fn workload(name: &str, replicas: u32) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "x"}}, "template": template("i:1", "Always")},
    })
}

/// As the kubelet would say it.
async fn report(world: &World, pod: &str, status: Value) {
    let path = format!("{}/status", world.path(&format!("pods/{pod}")));
    world.api.merge(&path, json!({"status": status})).await.ok();
}

fn ready() -> Value {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})
}

/// Says of every pod that it is ready, as soon as it is there.
async fn kubelet(world: &World) {
    let mut events = world.api.watch(&format!("{}?watch=true&{SELECTED}", world.path("pods"))).await;
    while let Some((kind, pod)) = events.next().await {
        if kind == "ADDED" {
            report(world, pod["metadata"]["name"].as_str().unwrap(), ready()).await;
        }
    }
}

/// The name of an object's controller, which is of a kind.
#[track_caller]
fn controller<'a>(object: &'a Value, kind: &str) -> &'a str {
    let owners = object["metadata"]["ownerReferences"].as_array().unwrap();
    let owner = owners.iter().find(|owner| owner["controller"] == true).unwrap();
    assert_eq!((&owner["kind"], &owner["blockOwnerDeletion"]), (&json!(kind), &json!(true)));
    owner["name"].as_str().unwrap()
}

fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    let conditions = object["status"]["conditions"].as_array();
    let mut found = conditions.into_iter().flatten().filter(|condition| condition["type"] == kind);
    found.next().unwrap_or(&Value::Null)
}

/// The one object that is there.
fn only(all: BTreeMap<String, Value>) -> Value {
    assert_eq!(all.len(), 1);
    all.into_values().next().unwrap()
}

async fn deployment(world: World) {
    let deployments = world.path_in("apps/v1", "deployments");
    world.api.post(&deployments, workload("d", 2)).await.ok();
    let sets = format!("{}?{SELECTED}", world.path_in("apps/v1", "replicasets"));
    let set = only(world.api.until_all(&sets, |sets| sets.len() == 1).await);
    assert_eq!(controller(&set, "Deployment"), "d");
    let annotations = &set["metadata"]["annotations"];
    for (key, value) in [("revision", "1"), ("desired-replicas", "2"), ("max-replicas", "3")] {
        assert_eq!(annotations[format!("deployment.kubernetes.io/{key}")], value);
    }
    let (name, hash) = (
        set["metadata"]["name"].as_str().unwrap(),
        set["metadata"]["labels"]["pod-template-hash"].as_str().unwrap(),
    );
    assert_eq!(name, format!("d-{hash}"));
    assert_eq!(
        set["spec"]["selector"]["matchLabels"],
        json!({"app": "x", "pod-template-hash": hash})
    );

    let pods = format!("{}?{SELECTED}", world.path("pods"));
    let pods = world.api.until_all(&pods, |pods| pods.len() == 2).await;
    for pod in pods.values() {
        assert_eq!(controller(pod, "ReplicaSet"), name);
        assert_eq!(pod["metadata"]["generateName"], format!("{name}-"));
        assert_eq!(pod["metadata"]["labels"]["pod-template-hash"], hash);
    }
    let seen = |deployment: Option<&Value>| {
        deployment.is_some_and(|deployment| deployment["status"]["replicas"] == 2 && condition(deployment, "Available").is_object())
    };
    let waits = world.api.until(&deployments, "d", seen).await.unwrap();
    let available = condition(&waits, "Available");
    assert_eq!(
        (&available["status"], &available["reason"], &available["message"]),
        (
            &json!("False"),
            &json!("MinimumReplicasUnavailable"),
            &json!("Deployment does not have minimum availability.")
        )
    );
    for pod in pods.keys() {
        report(&world, pod, ready()).await;
    }
    let available = |deployment: Option<&Value>| {
        deployment.is_some_and(|deployment| {
            deployment["status"]["availableReplicas"] == 2 && condition(deployment, "Progressing")["reason"] == "NewReplicaSetAvailable"
        })
    };
    let done = world.api.until(&deployments, "d", available).await.unwrap();
    assert_eq!(condition(&done, "Available")["reason"], "MinimumReplicasAvailable");
    assert_eq!(
        condition(&done, "Progressing")["message"],
        format!("ReplicaSet \"{name}\" has successfully progressed.")
    );
    assert_eq!(done["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "1");
}

async fn roll_out_and_back(world: World) {
    let deployments = world.path_in("apps/v1", "deployments");
    let sets = format!("{}?{SELECTED}", world.path_in("apps/v1", "replicasets"));
    let rolled = async |image: &str, revision: &str| {
        let spec = json!({"spec": {"template": template(image, "Always")}});
        world.api.merge(&format!("{deployments}/d"), spec).await.ok();
        let done = |sets: &BTreeMap<String, Value>| {
            sets.values().all(|set| {
                let new = set["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == revision;
                set["status"]["replicas"] == if new { 2 } else { 0 }
            }) && sets.values().any(|set| set["status"]["readyReplicas"] == 2)
        };
        let sets = world.api.until_all(&sets, done).await;
        let new = sets.values().find(|set| set["spec"]["replicas"] == 2).unwrap();
        assert_eq!(new["spec"]["template"]["spec"]["containers"][0]["image"], image);
        (sets.len(), new["metadata"]["name"].clone())
    };
    let test = async {
        world.api.post(&deployments, workload("d", 2)).await.ok();
        let (_, first) = rolled("i:1", "1").await;
        let (count, second) = rolled("i:2", "2").await;
        assert_eq!(count, 2);
        assert_ne!(first, second);
        // A template that was there before has its set already, which becomes the latest.
        assert_eq!(rolled("i:1", "3").await, (2, first));
    };
    tokio::select! {
        () = kubelet(&world) => panic!("the watch ended"),
        () = test => {}
    }
}

async fn adopted_and_released(world: World) {
    let pods = world.path("pods");
    let mut orphan = template("i:1", "Always");
    orphan["metadata"]["name"] = json!("orphan");
    world.api.post(&pods, orphan).await.ok();
    world
        .api
        .post(&world.path_in("apps/v1", "replicasets"), workload("r", 2))
        .await
        .ok();
    let selected = format!("{pods}?{SELECTED}");
    let owned = |pod: &Value| pod["metadata"].get("ownerReferences").is_some();
    let both = |pods: &BTreeMap<String, Value>| pods.len() == 2 && pods.values().all(owned);
    let found = world.api.until_all(&selected, both).await;
    assert_eq!(controller(&found["orphan"], "ReplicaSet"), "r");
    let before: BTreeSet<&String> = found.keys().collect();

    let label = json!({"metadata": {"labels": {"app": "y"}}});
    world.api.merge(&format!("{pods}/orphan"), label).await.ok();
    let free = |pod: Option<&Value>| pod.is_some_and(|pod| !owned(pod));
    world.api.until(&pods, "orphan", free).await;
    let found = world.api.until_all(&selected, both).await;
    let kept = found.keys().filter(|name| before.contains(name)).count();
    assert_eq!(kept, 1, "one of {before:?} in {:?}", found.keys());
}

async fn stateful_set(world: World) {
    let sets = world.path_in("apps/v1", "statefulsets");
    let mut set = workload("s", 2);
    set["spec"]["serviceName"] = json!("peers");
    world.api.post(&sets, set).await.ok();
    let pods = world.path("pods");
    let there = |pod: Option<&Value>| pod.is_some();
    let first = world.api.until(&pods, "s-0", there).await.unwrap();
    assert_eq!(controller(&first, "StatefulSet"), "s");
    assert_eq!(first["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"], "s-0");
    assert_eq!(
        (&first["spec"]["hostname"], &first["spec"]["subdomain"]),
        (&json!("s-0"), &json!("peers"))
    );
    let counted = |set: Option<&Value>| set.is_some_and(|set| set["status"]["replicas"] == 1);
    world.api.until(&sets, "s", counted).await;
    assert_eq!(
        world.api.get(&format!("{pods}/s-1")).await.code,
        404,
        "it waits until the first is ready"
    );
    report(&world, "s-0", ready()).await;
    world.api.until(&pods, "s-1", there).await;
    report(&world, "s-1", ready()).await;
    let all = |set: Option<&Value>| set.is_some_and(|set| set["status"]["readyReplicas"] == 2);
    world.api.until(&sets, "s", all).await;
    world.api.merge(&format!("{sets}/s"), json!({"spec": {"replicas": 1}})).await.ok();
    world.api.until(&pods, "s-1", |pod| pod.is_none()).await;
    assert_eq!(world.api.get(&format!("{pods}/s-0")).await.code, 200);
}

async fn job(world: World) {
    let jobs = world.path_in("batch/v1", "jobs");
    let spec = json!({"completions": 2, "template": template("i:1", "Never")});
    world.api.post(&jobs, json!({"metadata": {"name": "j"}, "spec": spec})).await.ok();
    let pods = format!("{}?{SELECTED}", world.path("pods"));
    let first = only(world.api.until_all(&pods, |pods| pods.len() == 1).await);
    assert_eq!(controller(&first, "Job"), "j");
    assert_eq!(first["metadata"]["labels"]["job-name"], "j");
    report(&world, first["metadata"]["name"].as_str().unwrap(), json!({"phase": "Succeeded"})).await;
    let found = world.api.until_all(&pods, |pods| pods.len() == 2).await;
    for name in found.keys() {
        report(&world, name, json!({"phase": "Succeeded"})).await;
    }
    let complete = |job: Option<&Value>| job.is_some_and(|job| condition(job, "Complete")["status"] == "True");
    let done = world.api.until(&jobs, "j", complete).await.unwrap();
    assert_eq!(done["status"]["succeeded"], 2);
    assert!(done["status"]["completionTime"].is_string());
    assert!(done["status"].get("failed").is_none_or(|failed| failed == 0));
}

async fn job_that_fails(world: World) {
    let jobs = world.path_in("batch/v1", "jobs");
    let spec = json!({"backoffLimit": 0, "template": template("i:1", "Never")});
    world.api.post(&jobs, json!({"metadata": {"name": "j"}, "spec": spec})).await.ok();
    let pods = format!("{}?{SELECTED}", world.path("pods"));
    let pod = only(world.api.until_all(&pods, |pods| pods.len() == 1).await);
    report(&world, pod["metadata"]["name"].as_str().unwrap(), json!({"phase": "Failed"})).await;
    let failed = |job: Option<&Value>| job.is_some_and(|job| condition(job, "Failed")["status"] == "True");
    let done = world.api.until(&jobs, "j", failed).await.unwrap();
    let failed = condition(&done, "Failed");
    assert_eq!(
        (&failed["reason"], &failed["message"]),
        (
            &json!("BackoffLimitExceeded"),
            &json!("Job has reached the specified backoff limit")
        )
    );
    assert_eq!(done["status"]["failed"], 1);
    let other = json!({"spec": {"template": {"metadata": {"labels": {"l": "1"}}}}});
    let answer = world.api.merge(&format!("{jobs}/j"), other).await;
    answer.refused_with(422, "Invalid", "field is immutable");
}

async fn endpoints(world: World) {
    let services = world.path("services");
    let ports = json!([{"name": "http", "port": 80, "targetPort": 8080}]);
    let service = json!({"metadata": {"name": "s"}, "spec": {"selector": {"app": "x"}, "ports": ports}});
    world.api.post(&services, service).await.ok();
    let pods = world.path("pods");
    let mut pod = template("i:1", "Always");
    pod["metadata"]["name"] = json!("p");
    // Kubernetes makes no endpoint of a pod without a node.
    pod["spec"]["nodeName"] = json!("elsewhere");
    world.api.post(&pods, pod).await.ok();
    let of = |endpoints: Option<&Value>, field: &str| -> Option<Value> { Some(endpoints?["subsets"][0].get(field)?[0].clone()) };
    let mut status = json!({"phase": "Running", "podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}]});
    report(&world, "p", status.clone()).await;
    let collection = world.path("endpoints");
    let waits = |endpoints: Option<&Value>| of(endpoints, "notReadyAddresses").is_some();
    world.api.until(&collection, "s", waits).await;
    status["conditions"] = json!([{"type": "Ready", "status": "True"}]);
    report(&world, "p", status).await;
    let serves = |endpoints: Option<&Value>| of(endpoints, "addresses").is_some();
    let found = world.api.until(&collection, "s", serves).await;
    let address = of(found.as_ref(), "addresses").unwrap();
    assert_eq!(
        (&address["ip"], &address["targetRef"]["kind"], &address["targetRef"]["name"]),
        (&json!("10.1.2.3"), &json!("Pod"), &json!("p"))
    );
    let port = of(found.as_ref(), "ports").unwrap();
    assert_eq!(port, json!({"name": "http", "port": 8080, "protocol": "TCP"}));
    world.api.delete(&format!("{pods}/p"), json!({"gracePeriodSeconds": 0})).await.ok();
    world.api.until(&collection, "s", |endpoints| !serves(endpoints)).await;
    world.api.delete(&format!("{services}/s"), json!({})).await.ok();
    world.api.until(&collection, "s", |endpoints| endpoints.is_none()).await;
}

/// An API server taints nodes that register; the taint goes when the kubelet says that it is ready.
async fn node_that_is_ready(world: World) {
    // Unschedulable: other bodies have pods on no node.
    let taint = json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"});
    let node = json!({"metadata": {"name": world.namespace}, "spec": {"unschedulable": true, "taints": [taint]}});
    world.api.post("/api/v1/nodes", node).await.ok();
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": world.namespace},
        "spec": {"holderIdentity": world.namespace, "leaseDurationSeconds": 40, "renewTime": "2026-01-01T00:00:00.000000Z"},
    });
    let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
    world.api.post(leases, lease).await.ok();
    let path = format!("/api/v1/nodes/{}", world.namespace);
    let ready = json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}});
    world.api.merge(&format!("{path}/status"), ready).await.ok();
    let is_not_ready = |node: &Value| {
        let mut taints = node["spec"]["taints"].as_array().into_iter().flatten();
        taints.any(|taint| taint["key"] == "node.kubernetes.io/not-ready")
    };
    let free = |node: Option<&Value>| node.is_some_and(|node| !is_not_ready(node));
    world.api.until("/api/v1/nodes", &world.namespace, free).await;
    world.api.delete(&path, json!({})).await.ok();
    world.api.delete(&format!("{leases}/{}", world.namespace), json!({})).await;
}
