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

fn indexed(completions: usize, extra: Value) -> Value {
    let mut body = job(json!({"completionMode": "Indexed", "completions": completions, "parallelism": completions}));
    body["spec"].as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

fn index_of(pod: &Value) -> &str {
    pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"]
        .as_str()
        .unwrap()
}

/// The pods that still run, by index.
async fn running(world: &World, count: usize) -> Vec<Value> {
    let runs = |pod: &&Value| pod["status"]["phase"] == "Pending" && pod["metadata"]["deletionTimestamp"].is_null();
    let list = world
        .until(PODS, |list| list["items"].as_array().unwrap().iter().filter(runs).count() == count)
        .await;
    let mut pods: Vec<Value> = list["items"].as_array().unwrap().iter().filter(runs).cloned().collect();
    pods.sort_by_key(|pod| pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"].to_string());
    pods
}

async fn exit(world: &World, pod: &Value, code: i32) {
    let terminated = json!([{"name": "c", "state": {"terminated": {"exitCode": code}}}]);
    world
        .set_status(pod, json!({"phase": "Failed", "containerStatuses": terminated}))
        .await;
}

fn told<'a>(job: &'a Value, kind: &str) -> (&'a str, &'a str) {
    let condition = condition(job, kind).unwrap();
    (condition["reason"].as_str().unwrap(), condition["message"].as_str().unwrap())
}

#[tokio::test(start_paused = true)]
async fn exit_codes_fail_the_job_or_do_not_count() {
    let world = World::new().await;
    let rule = |action: &str, code: i32| json!({"action": action, "onExitCodes": {"operator": "In", "values": [code]}});
    let rules = json!([rule("Ignore", 7), rule("FailJob", 42)]);
    world
        .post(
            JOBS,
            job(json!({"backoffLimit": 0, "parallelism": 2, "completions": 2, "podFailurePolicy": {"rules": rules}})),
        )
        .await;
    let pods = running(&world, 2).await;
    exit(&world, &pods[0], 7).await;
    let pods = running(&world, 2).await;
    assert_eq!(world.get(&path()).await.unwrap()["status"]["failed"], Value::Null);
    exit(&world, &pods[0], 42).await;
    let failed = world.until(&path(), is("Failed")).await;
    let expected = format!(
        "Container c for pod ns/{} failed with exit code 42 matching FailJob rule at index 1",
        pods[0]["metadata"]["name"].as_str().unwrap()
    );
    assert_eq!(told(&failed, "FailureTarget"), ("PodFailurePolicy", expected.as_str()));
    assert_eq!(told(&failed, "Failed"), ("PodFailurePolicy", expected.as_str()));
    // The pod that still ran has failed, too.
    assert_eq!(failed["status"]["failed"], 2);
}

#[tokio::test(start_paused = true)]
async fn enough_indexes_are_a_success() {
    let world = World::new().await;
    let rules = json!([{"succeededIndexes": "0", "succeededCount": 1}]);
    world.post(JOBS, indexed(3, json!({"successPolicy": {"rules": rules}}))).await;
    let pods = running(&world, 3).await;
    world.end(&pods[1], "Succeeded").await;
    world.settle().await;
    assert!(condition(&world.get(&path()).await.unwrap(), "SuccessCriteriaMet").is_none());
    world.end(&pods[0], "Succeeded").await;
    let done = world.until(&path(), is("Complete")).await;
    assert_eq!(told(&done, "SuccessCriteriaMet"), ("SuccessPolicy", "Matched rules at index 0"));
    assert_eq!(told(&done, "Complete"), ("SuccessPolicy", "Matched rules at index 0"));
    assert_eq!(
        (
            &done["status"]["completedIndexes"],
            &done["status"]["succeeded"],
            &done["status"]["failed"]
        ),
        (&json!("0,1"), &json!(2), &Value::Null)
    );
    running(&world, 0).await;
}

#[tokio::test(start_paused = true)]
async fn indexes_fail_on_their_own() {
    let world = World::new().await;
    world.post(JOBS, indexed(2, json!({"backoffLimitPerIndex": 1}))).await;
    let pods = running(&world, 2).await;
    let failures = |pod: &Value| pod["metadata"]["annotations"]["batch.kubernetes.io/job-index-failure-count"].clone();
    assert_eq!((failures(&pods[0]), failures(&pods[1])), (json!("0"), json!("0")));
    let failed_at = Instant::now();
    exit(&world, &pods[0], 1).await;
    world.end(&pods[1], "Succeeded").await;
    let again = running(&world, 1).await;
    let paused = failed_at.elapsed();
    assert!(paused >= Duration::from_secs(9) && paused < Duration::from_secs(12), "{paused:?}");
    assert_eq!((index_of(&again[0]), failures(&again[0])), ("0", json!("1")));
    assert_eq!(world.get(&path()).await.unwrap()["status"]["failedIndexes"], "");
    exit(&world, &again[0], 1).await;
    let failed = world.until(&path(), is("Failed")).await;
    assert_eq!(told(&failed, "Failed"), ("FailedIndexes", "Job has failed indexes"));
    let status = &failed["status"];
    assert_eq!(
        (&status["failedIndexes"], &status["completedIndexes"], &status["failed"]),
        (&json!("0"), &json!("1"), &json!(2))
    );
    let all = world.items(PODS, 3).await;
    assert!(all.iter().all(|pod| pod["metadata"]["finalizers"].is_null()));
}

#[tokio::test(start_paused = true)]
async fn too_many_failed_indexes_are_the_end() {
    let world = World::new().await;
    world
        .post(JOBS, indexed(3, json!({"backoffLimitPerIndex": 0, "maxFailedIndexes": 1})))
        .await;
    let pods = running(&world, 3).await;
    exit(&world, &pods[0], 1).await;
    world.settle().await;
    running(&world, 2).await;
    exit(&world, &pods[2], 1).await;
    let failed = world.until(&path(), is("Failed")).await;
    let expected = "Job has exceeded the specified maximal number of failed indexes";
    assert_eq!(told(&failed, "FailureTarget"), ("MaxFailedIndexesExceeded", expected));
    assert_eq!(failed["status"]["failedIndexes"], "0,2");
    running(&world, 0).await;
}

#[tokio::test(start_paused = true)]
async fn replacements_may_wait_for_the_end() {
    let world = World::new().await;
    world.post(JOBS, job(json!({"podReplacementPolicy": "Failed"}))).await;
    let pods = running(&world, 1).await;
    world
        .delete(&format!("{PODS}/{}", pods[0]["metadata"]["name"].as_str().unwrap()), Value::Null)
        .await;
    let waits = world.until(&path(), |job| job["status"]["terminating"] == 1).await;
    assert_eq!(
        (&waits["status"]["active"], &waits["status"]["failed"]),
        (&Value::Null, &Value::Null)
    );
    world.settle().await;
    running(&world, 0).await;
    world.end(&pods[0], "Failed").await;
    running(&world, 1).await;
}

#[tokio::test(start_paused = true)]
async fn jobs_of_others_are_left_alone() {
    let world = World::new().await;
    world.post(JOBS, job(json!({"managedBy": "example.com/queue"}))).await;
    world.settle().await;
    assert_eq!(world.get(&path()).await.unwrap()["status"], json!({}));
    running(&world, 0).await;
}
