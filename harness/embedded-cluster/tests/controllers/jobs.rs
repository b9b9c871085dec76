//! Jobs.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::world::{JOBS, PODS, World, condition, template};

fn job(extra: Value) -> Value {
    let mut template = template("nginx:1");
    template["spec"]["restartPolicy"] = "Never".into();
    let mut spec = json!({"template": template});
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"metadata": {"name": "j"}, "spec": spec})
}

fn is(kind: &str) -> impl Fn(&Value) -> bool {
    move |object| condition(object, kind).is_some_and(|condition| condition["status"] == "True")
}

fn path() -> String {
    format!("{JOBS}/j")
}

#[tokio::test(start_paused = true)]
async fn completes_with_enough_successes() {
    let world = World::new().await;
    world.post(JOBS, job(json!({"completions": 3, "parallelism": 2}))).await;
    for pod in world.items(PODS, 2).await {
        assert_eq!(pod["metadata"]["finalizers"], json!(["batch.kubernetes.io/job-tracking"]));
        world.end(&pod, "Succeeded").await;
    }
    let pods = world.items(PODS, 3).await;
    world
        .end(pods.iter().find(|pod| pod["status"]["phase"] == "Pending").unwrap(), "Succeeded")
        .await;
    let done = world.until(&path(), is("Complete")).await;
    assert_eq!(condition(&done, "SuccessCriteriaMet").unwrap()["reason"], "CompletionsReached");
    assert_eq!(
        (done["status"]["succeeded"].clone(), done["status"]["active"].clone()),
        (json!(3), Value::Null)
    );
    assert_eq!(done["status"]["uncountedTerminatedPods"], json!({}));
    assert!(done["status"]["completionTime"].is_string());
    assert!(world.items(PODS, 3).await.iter().all(|pod| pod["metadata"]["finalizers"].is_null()));
    world.settle().await;
    assert!(
        world
            .events("Job", "j")
            .await
            .contains(&("Completed".into(), "Job completed".into()))
    );
}

#[tokio::test(start_paused = true)]
async fn fails_beyond_the_backoff_limit_and_pauses_before() {
    let world = World::new().await;
    world.post(JOBS, job(json!({"backoffLimit": 1}))).await;
    let pods = world.items(PODS, 1).await;
    let failed_at = Instant::now();
    world.end(&pods[0], "Failed").await;
    let pods = world.items(PODS, 2).await;
    let paused = failed_at.elapsed();
    assert!(paused >= Duration::from_secs(9) && paused < Duration::from_secs(12), "{paused:?}");
    world
        .end(pods.iter().find(|pod| pod["status"]["phase"] == "Pending").unwrap(), "Failed")
        .await;
    let failed = world.until(&path(), is("Failed")).await;
    assert_eq!(condition(&failed, "Failed").unwrap()["reason"], "BackoffLimitExceeded");
    assert_eq!(
        condition(&failed, "FailureTarget").unwrap()["message"],
        "Job has reached the specified backoff limit"
    );
    assert_eq!(failed["status"]["failed"], 2);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_it() {
    let world = World::new().await;
    world.post(JOBS, job(json!({"activeDeadlineSeconds": 30}))).await;
    world.items(PODS, 1).await;
    let failed = world.until(&path(), is("Failed")).await;
    assert_eq!(condition(&failed, "Failed").unwrap()["reason"], "DeadlineExceeded");
    world.items(PODS, 0).await;
}

#[tokio::test(start_paused = true)]
async fn suspension_removes_pods_without_counting_them() {
    let world = World::new().await;
    world.post(JOBS, job(json!({}))).await;
    world.items(PODS, 1).await;
    world.merge(&path(), json!({"spec": {"suspend": true}})).await;
    let suspended = world.until(&path(), is("Suspended")).await;
    assert!(suspended["status"]["startTime"].is_null());
    world.items(PODS, 0).await;
    world.merge(&path(), json!({"spec": {"suspend": false}})).await;
    let pods = world.items(PODS, 1).await;
    world.end(&pods[0], "Succeeded").await;
    let done = world.until(&path(), is("Complete")).await;
    assert_eq!(
        (done["status"]["failed"].clone(), done["status"]["succeeded"].clone()),
        (Value::Null, json!(1))
    );
}

#[tokio::test(start_paused = true)]
async fn finished_jobs_are_deleted_after_their_time() {
    let world = World::new().await;
    world.post(JOBS, job(json!({"ttlSecondsAfterFinished": 100}))).await;
    let pods = world.items(PODS, 1).await;
    world.end(&pods[0], "Succeeded").await;
    world.until(&path(), is("Complete")).await;
    let finished = Instant::now();
    world.gone(&path()).await;
    world.items(PODS, 0).await;
    let lived = finished.elapsed();
    assert!(lived >= Duration::from_secs(98) && lived < Duration::from_secs(103), "{lived:?}");
}

#[tokio::test(start_paused = true)]
async fn each_index_once() {
    let world = World::new().await;
    world
        .post(JOBS, job(json!({"completionMode": "Indexed", "completions": 3, "parallelism": 3})))
        .await;
    let pods = world.items(PODS, 3).await;
    let index = |pod: &Value| {
        pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let mut indexes: Vec<String> = pods.iter().map(index).collect();
    indexes.sort();
    assert_eq!(indexes, ["0", "1", "2"]);
    for pod in &pods {
        assert_eq!(pod["spec"]["hostname"], format!("j-{}", index(pod)));
        assert_eq!(pod["spec"]["containers"][0]["env"][0]["name"], "JOB_COMPLETION_INDEX");
        world.end(pod, "Succeeded").await;
    }
    let done = world.until(&path(), is("Complete")).await;
    assert_eq!(done["status"]["completedIndexes"], "0-2");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_acts_on_says_so() {
    let world = World::new().await;
    let body = json!({"metadata": {"name": "c"}, "spec": {"selector": {"app": "x"}, "template": template("nginx:1")}});
    world.post("/api/v1/namespaces/ns/replicationcontrollers", body).await;
    world.settle().await;
    assert_eq!(world.events("ReplicationController", "c").await[0].0, "NotImplemented");
}
