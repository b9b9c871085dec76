//! `cronjob-controller`: makes jobs when they are due.

mod due;
mod history;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{Timestamp, Zoned};

use super::conditions;
use super::fields::{Fields, seconds};
use super::pods::controller_reference;
use super::resources::{CRON_JOBS, JOBS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::client::{DeleteOptions, Propagation};
use crate::object::Object;
use crate::status::Status;
use crate::value::{Value, json};

use due::{Due, Plan};

/// When the job was due, on the job.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// Keys are CronJobs.
pub(crate) struct CronJobs(pub(crate) Context);

impl Controller for CronJobs {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&CRON_JOBS) {
            return vec![change.key()];
        }
        if change.is(&JOBS) { change.controllers("CronJob") } else { vec![] }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(cron_job) = self.0.cache.get(&CRON_JOBS, key) else {
                return Ok(None);
            };
            self.sync(&cron_job).await
        })
    }
}

/// How a job ended: its last condition.
fn finished(job: &Object) -> Option<&'static str> {
    ["Complete", "Failed"].into_iter().find(|kind| conditions::is_true(job, kind))
}

impl CronJobs {
    async fn sync(&self, cron_job: &Arc<Object>) -> Outcome {
        let context = &self.0;
        let jobs = context.cache.controlled(&JOBS, cron_job.uid());
        let mut status = cron_job.at("/status").clone();
        self.account(cron_job, &jobs, &mut status).await;
        history::clean(context, cron_job, &jobs).await?;
        let mut wait = None;
        if cron_job.deletion_timestamp().is_none() && !cron_job.flag_at("/spec/suspend") {
            wait = self.start(cron_job, &jobs, &mut status).await?;
        }
        if status != *cron_job.at("/status") {
            let mut changed = cron_job.value().clone();
            changed["status"] = status;
            context.client.update_status(&CRON_JOBS, changed).await?;
        }
        Ok(wait)
    }

    /// Takes finished and missing jobs out of the active ones.
    async fn account(&self, cron_job: &Object, jobs: &[Arc<Object>], status: &mut Value) {
        let events = &self.0.events;
        let mut active = status["active"].as_array().cloned().unwrap_or_default();
        let is_active = |active: &[Value], job: &Object| active.iter().any(|reference| reference["uid"] == job.uid());
        for job in jobs {
            let listed = is_active(&active, job);
            match finished(job) {
                Some(end) if listed => {
                    active.retain(|reference| reference["uid"] != job.uid());
                    let message = format!("Saw completed job: {}, condition: {end}", job.name());
                    events.normal(cron_job, "SawCompletedJob", &message).await;
                }
                None if !listed => {
                    let message = format!("Saw a job that the controller did not create or forgot: {}", job.name());
                    events.warning(cron_job, "UnexpectedJob", &message).await;
                }
                _ => {}
            }
            let success = job.time_at("/status/completionTime").filter(|_| finished(job) == Some("Complete"));
            if success > status.time_at("/lastSuccessfulTime") {
                status["lastSuccessfulTime"] = success.map(seconds).into();
            }
        }
        let missing: Vec<Value> = active
            .extract_if(.., |reference| !jobs.iter().any(|job| reference["uid"] == job.uid()))
            .collect();
        for reference in missing {
            let message = format!("Active job went missing: {}", reference["name"].as_str().unwrap_or_default());
            events.normal(cron_job, "MissingJob", &message).await;
        }
        write_active(status, active);
    }

    /// Makes the job that is due, if one is. Answers how long to wait for the next.
    async fn start(&self, cron_job: &Arc<Object>, jobs: &[Arc<Object>], status: &mut Value) -> Outcome {
        let (events, now) = (&self.0.events, self.0.clock.now());
        let plan = match Plan::of(cron_job) {
            Ok(plan) => plan,
            Err((reason, message)) => {
                events.warning(cron_job, reason, &message).await;
                return Ok(None);
            }
        };
        let Due { scheduled, missed } = plan.due(cron_job, now);
        let wait = plan.until_next(now);
        let Some(scheduled) = scheduled else { return Ok(wait) };
        if missed > due::MANY {
            let message =
                format!("too many missed start times: {missed}. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
            events.warning(cron_job, "TooManyMissedTimes", &message).await;
        }
        if plan.is_too_late(&scheduled, now) {
            let shown = scheduled.strftime("%a, %d %b %Y %H:%M:%S %z");
            let message = format!("Missed scheduled time to start a job: {shown}");
            events.warning(cron_job, "MissSchedule", &message).await;
            return Ok(wait);
        }
        let active = status["active"].as_array().cloned().unwrap_or_default();
        let name = job_name(cron_job, scheduled.timestamp());
        let made = jobs.iter().any(|job| job.name() == name);
        if made || status.time_at("/lastScheduleTime") == Some(scheduled.timestamp()) {
            return Ok(wait);
        }
        match cron_job.str_at("/spec/concurrencyPolicy") {
            "Forbid" if !active.is_empty() => {
                let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
                events.normal(cron_job, "JobAlreadyActive", message).await;
                return Ok(wait);
            }
            "Replace" => {
                for job in jobs.iter().filter(|job| finished(job).is_none()) {
                    self.delete(cron_job, job).await?;
                }
                write_active(status, vec![]);
            }
            _ => {}
        }
        let job = match self
            .0
            .client
            .create(&JOBS, cron_job.namespace(), job(cron_job, &name, &scheduled))
            .await
        {
            Ok(job) => job,
            // The cache has not seen it yet: this is about to be looked at again.
            Err(error) if error.is_already_exists() => return Ok(Some(Duration::from_secs(1))),
            Err(error) => {
                events
                    .warning(cron_job, "FailedCreate", &format!("Error creating job: {error}"))
                    .await;
                return Err(error);
            }
        };
        events
            .normal(cron_job, "SuccessfulCreate", &format!("Created job {}", job.name()))
            .await;
        let mut active = status["active"].as_array().cloned().unwrap_or_default();
        active.push(json!({
            "apiVersion": "batch/v1", "kind": "Job", "namespace": job.namespace(), "name": job.name(),
            "uid": job.uid(), "resourceVersion": job.revision().to_string(),
        }));
        write_active(status, active);
        status["lastScheduleTime"] = seconds(scheduled.timestamp()).into();
        Ok(wait)
    }

    async fn delete(&self, cron_job: &Object, job: &Object) -> Result<(), Status> {
        delete(&self.0, job).await?;
        self.0
            .events
            .normal(cron_job, "SuccessfulDelete", &format!("Deleted job {}", job.name()))
            .await;
        Ok(())
    }
}

/// Deletes a job, its pods after it.
async fn delete(context: &Context, job: &Object) -> Result<(), Status> {
    let options = DeleteOptions {
        propagation: Some(Propagation::Background),
        ..DeleteOptions::of_uid(job.uid())
    };
    match context.client.delete(&JOBS, job.namespace(), job.name(), &options).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

fn write_active(status: &mut Value, active: Vec<Value>) {
    match status.as_object_mut() {
        Some(status) if active.is_empty() => drop(status.remove("active")),
        _ => status["active"] = active.into(),
    }
}

/// One name for each minute, so that no time is served twice.
fn job_name(cron_job: &Object, scheduled: Timestamp) -> String {
    format!("{}-{}", cron_job.name(), scheduled.as_second().div_euclid(60))
}

fn job(cron_job: &Object, name: &str, scheduled: &Zoned) -> Value {
    let template = cron_job.at("/spec/jobTemplate");
    let mut metadata = json!({"name": name, "namespace": cron_job.namespace(), "ownerReferences": [controller_reference(cron_job)]});
    let labels = template.at("/metadata/labels");
    if !labels.is_null() {
        metadata["labels"] = labels.clone();
    }
    let mut annotations = template.at("/metadata/annotations").as_object().cloned().unwrap_or_default();
    annotations.insert(
        SCHEDULED.to_owned(),
        scheduled.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().replace("+00:00", "Z").into(),
    );
    metadata["annotations"] = Value::Object(annotations);
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"]})
}
