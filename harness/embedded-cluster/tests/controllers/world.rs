//! A cluster with a client that speaks paths and JSON.

use std::time::Duration;

use embedded_cluster::EmbeddedCluster;
use http::Request;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

/// A cluster and its administrator.
pub(crate) struct World {
    client: kube::Client,
    // Dropped last: its tasks end with it.
    _cluster: EmbeddedCluster,
}

impl World {
    /// A cluster with the namespace `ns`, whose default service account is there.
    pub(crate) async fn new() -> Self {
        let cluster = EmbeddedCluster::builder("test").seed(1).start().await.unwrap();
        let world = Self {
            client: cluster.client(),
            _cluster: cluster,
        };
        world.post("/api/v1/namespaces", json!({"metadata": {"name": "ns"}})).await;
        world.until("/api/v1/namespaces/ns/serviceaccounts/default", |_| true).await;
        world
    }

    /// The answer to a request, or the `code` and `message` of the error.
    pub(crate) async fn send(&self, method: &str, path: &str, content_type: &str, body: Value) -> Result<Value, (u16, String)> {
        let body = if body.is_null() { vec![] } else { body.to_string().into_bytes() };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("Content-Type", content_type)
            .body(body)
            .unwrap();
        match self.client.request(request).await {
            Ok(value) => Ok(value),
            Err(kube::Error::Api(status)) => Err((status.code, status.message)),
            Err(error) => panic!("{method} {path}: {error}"),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, u16> {
        self.send("GET", path, "application/json", Value::Null)
            .await
            .map_err(|(code, _)| code)
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.send("POST", path, "application/json", body).await.unwrap()
    }

    pub(crate) async fn merge(&self, path: &str, body: Value) -> Value {
        self.send("PATCH", path, "application/merge-patch+json", body).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str, options: Value) -> Value {
        self.send("DELETE", path, "application/json", options).await.unwrap()
    }

    /// Waits until what is at `path` is as wanted; at most an hour of virtual time.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = timeout(Duration::from_secs(3600), async {
            loop {
                if let Ok(value) = self.get(path).await {
                    if wanted(&value) {
                        return value;
                    }
                    last = value;
                }
                sleep(Duration::from_millis(50)).await;
            }
        });
        match found.await {
            Ok(value) => value,
            Err(_) => panic!("{path} never became as wanted: {last:#}"),
        }
    }

    /// Waits until there is nothing at `path`.
    pub(crate) async fn gone(&self, path: &str) {
        let gone = timeout(Duration::from_secs(3600), async {
            while self.get(path).await != Err(404) {
                sleep(Duration::from_millis(50)).await;
            }
        });
        assert!(gone.await.is_ok(), "{path} is still there: {:#}", self.get(path).await.unwrap());
    }

    /// Waits until a list has `count` items, and gives them.
    pub(crate) async fn items(&self, path: &str, count: usize) -> Vec<Value> {
        let list = self
            .until(path, |list| list["items"].as_array().is_some_and(|items| items.len() == count))
            .await;
        list["items"].as_array().unwrap().clone()
    }

    /// Lets the controllers do what they have to.
    pub(crate) async fn settle(&self) {
        sleep(Duration::from_millis(500)).await;
    }

    /// Marks a pod as running and ready, as its node would.
    pub(crate) async fn make_ready(&self, pod: &Value) {
        let now = "2026-01-01T00:00:00Z";
        let condition = json!({"type": "Ready", "status": "True", "lastTransitionTime": now});
        self.set_status(
            pod,
            json!({"phase": "Running", "podIP": "10.0.0.7", "podIPs": [{"ip": "10.0.0.7"}], "conditions": [condition]}),
        )
        .await;
    }

    /// Marks a pod as ended.
    pub(crate) async fn end(&self, pod: &Value, phase: &str) {
        self.set_status(pod, json!({"phase": phase})).await;
    }

    /// Sets what a pod's node says of it.
    pub(crate) async fn set_status(&self, pod: &Value, status: Value) {
        let path = format!("{PODS}/{}/status", pod["metadata"]["name"].as_str().unwrap());
        let answer = self
            .send("PATCH", &path, "application/merge-patch+json", json!({"status": status}))
            .await;
        // Its controller may have deleted it meanwhile.
        assert!(answer.is_ok() || answer.is_err_and(|(code, _)| code == 404));
    }

    /// A node that is ready, with 4 CPUs and 10 pods.
    pub(crate) async fn node(&self, name: &str) {
        let resources = json!({"cpu": "4", "memory": "8Gi", "pods": "10"});
        let status = json!({"allocatable": resources, "capacity": resources, "conditions": [{"type": "Ready", "status": "True"}]});
        let labels = json!({"kubernetes.io/hostname": name});
        self.post(
            "/api/v1/nodes",
            json!({"metadata": {"name": name, "labels": labels}, "status": status}),
        )
        .await;
    }

    /// Reasons and messages of the events about an object, by reason.
    pub(crate) async fn events(&self, kind: &str, name: &str) -> Vec<(String, String)> {
        let list = self.get("/api/v1/namespaces/ns/events").await.unwrap();
        let about = |event: &&Value| event["involvedObject"]["kind"] == kind && event["involvedObject"]["name"] == name;
        let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
        let events = list["items"].as_array().unwrap().iter().filter(about);
        let mut events: Vec<_> = events.map(|event| (text(event, "reason"), text(event, "message"))).collect();
        events.sort();
        events
    }
}

pub(crate) const PODS: &str = "/api/v1/namespaces/ns/pods";
pub(crate) const SECRETS: &str = "/api/v1/namespaces/ns/secrets";
pub(crate) const REPLICA_SETS: &str = "/apis/apps/v1/namespaces/ns/replicasets";
pub(crate) const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/ns/deployments";
pub(crate) const JOBS: &str = "/apis/batch/v1/namespaces/ns/jobs";

/// A pod template with the label `app: x` that no scheduler touches.
pub(crate) fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "x"}}, "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": image}]}})
}

/// Name of an object.
pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap()
}

/// Status of a condition.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"]
        .as_array()?
        .iter()
        .find(|condition| condition["type"] == kind)
}
