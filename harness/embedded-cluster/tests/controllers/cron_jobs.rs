//! CronJobs.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::world::{JOBS, PODS, World, name, template};

const CRON_JOBS: &str = "/apis/batch/v1/namespaces/ns/cronjobs";
const CRON_JOB: &str = "/apis/batch/v1/namespaces/ns/cronjobs/c";

fn cron_job(extra: Value) -> Value {
    let mut template = template("nginx:1");
    template["spec"]["restartPolicy"] = "Never".into();
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"template": template}});
    let mut spec = json!({"schedule": "* * * * *", "jobTemplate": template});
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"metadata": {"name": "c"}, "spec": spec})
}

async fn minutes(count: u64) {
    sleep(Duration::from_secs(count * 60)).await;
}

/// Lets all pods that run end well.
async fn finish(world: &World) {
    let pods = world.get(PODS).await.unwrap();
    for pod in pods["items"].as_array().unwrap() {
        if pod["status"]["phase"] == "Pending" {
            world.end(pod, "Succeeded").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn makes_a_job_a_minute_and_keeps_the_last_ones() {
    let world = World::new().await;
    world.post(CRON_JOBS, cron_job(json!({"successfulJobsHistoryLimit": 2}))).await;
    minutes(1).await;
    let job = world.items(JOBS, 1).await.remove(0);
    assert_eq!(job["metadata"]["labels"]["a"], "b");
    assert_eq!(job["metadata"]["ownerReferences"][0]["kind"], "CronJob");
    let due = job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
        .as_str()
        .unwrap();
    assert!(due.ends_with(":00Z"), "{due}");
    let minute = due.parse::<jiff::Timestamp>().unwrap().as_second() / 60;
    assert_eq!(name(&job), format!("c-{minute}"));
    let status = world.get(CRON_JOB).await.unwrap()["status"].clone();
    assert_eq!(
        (status["active"][0]["name"].as_str(), status["lastScheduleTime"].as_str()),
        (Some(name(&job)), Some(due))
    );
    for _ in 0..4 {
        finish(&world).await;
        minutes(1).await;
    }
    // Two that are kept, and the one that runs.
    let jobs = world.items(JOBS, 3).await;
    assert_eq!(name(&jobs[2]), format!("c-{}", minute + 4));
    let status = world.get(CRON_JOB).await.unwrap()["status"].clone();
    assert_eq!(status["active"].as_array().unwrap().len(), 1);
    assert!(status["lastSuccessfulTime"].is_string());
    let events = world.events("CronJob", "c").await;
    for expected in [
        ("SuccessfulCreate", format!("Created job c-{minute}")),
        ("SawCompletedJob", format!("Saw completed job: c-{minute}, condition: Complete")),
        ("SuccessfulDelete", format!("Deleted job c-{minute}")),
    ] {
        assert!(
            events.contains(&(expected.0.to_owned(), expected.1.clone())),
            "{expected:?} in {events:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn concurrency_and_suspension_are_kept() {
    for (policy, expected) in [("Allow", 3), ("Forbid", 1), ("Replace", 1)] {
        let world = World::new().await;
        world.post(CRON_JOBS, cron_job(json!({"concurrencyPolicy": policy}))).await;
        minutes(3).await;
        let jobs = world.get(JOBS).await.unwrap()["items"].as_array().unwrap().len();
        assert_eq!(jobs, expected, "{policy}");
        world.merge(CRON_JOB, json!({"spec": {"suspend": true}})).await;
        minutes(3).await;
        assert_eq!(
            world.get(JOBS).await.unwrap()["items"].as_array().unwrap().len(),
            expected,
            "{policy}, suspended"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_late_is_missed() {
    let world = World::new().await;
    world
        .post(
            CRON_JOBS,
            cron_job(json!({"suspend": true, "schedule": "@hourly", "startingDeadlineSeconds": 600})),
        )
        .await;
    minutes(60 * 5).await;
    // Five times have passed; unless one of them is less than ten minutes ago, none is made up for.
    world.merge(CRON_JOB, json!({"spec": {"suspend": false}})).await;
    minutes(60).await;
    let jobs = world.get(JOBS).await.unwrap()["items"].as_array().unwrap().len();
    assert!((1..=2).contains(&jobs), "{jobs}");
}
