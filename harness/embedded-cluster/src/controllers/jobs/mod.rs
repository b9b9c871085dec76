//! `job-controller` and `ttl-after-finished-controller`: pods that run to their end.

mod backoff;
mod indexes;
mod per_index;
mod pods;
mod policies;
mod status;
mod tally;
mod ttl;

use std::sync::Arc;
use std::time::Duration;

use crate::value::Value;
use futures::future::BoxFuture;

use super::conditions;
use super::fields::{Fields, seconds};
use super::replica_sets::claim;
use super::resources::{JOBS, PODS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;
use crate::status::Status;

use status::{End, Reached};
use tally::Tally;
pub(crate) use ttl::Ttl;

/// Finalizer of pods that their job has not counted yet.
const TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// `managedBy` of the jobs that are for this controller; those that name nobody are, too.
const OWN_NAME: &str = "kubernetes.io/job-controller";

/// Keys are jobs.
pub(crate) struct Jobs(pub(crate) Context);

impl Controller for Jobs {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&JOBS) {
            return vec![change.key()];
        }
        if change.is(&PODS) { change.controllers("Job") } else { vec![] }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let context = &self.0;
            let job = context.cache.get(&JOBS, key);
            let Some(job) = job.filter(|job| job.deletion_timestamp().is_none() && !is_finished(job)) else {
                pods::let_go(context, key).await?;
                return Ok(None);
            };
            match job.str_at("/spec/managedBy") {
                "" | OWN_NAME => self.sync(&job).await,
                _ => Ok(None),
            }
        })
    }
}

/// Whether a job has its last condition.
fn is_finished(job: &impl Fields) -> bool {
    conditions::is_true(job, "Complete") || conditions::is_true(job, "Failed")
}

impl Jobs {
    async fn sync(&self, job: &Arc<Object>) -> Outcome {
        let context = &self.0;
        let now = context.clock.now();
        let all = claim(context, &PODS, job).await?;
        let mut tally = Tally::of(job, &all);
        let mut status = job.at("/status").clone();
        let suspended = job.flag_at("/spec/suspend");
        if status["startTime"].is_null() && !suspended {
            status["startTime"] = seconds(now).into();
        }
        let mut wait = None;
        let mut end = status::reached(job, &status, &tally, now);
        if let Some(end) = &end {
            let deleted = pods::delete_active(context, &all).await?;
            (tally.active, tally.terminating) = (tally.active - deleted, tally.terminating + deleted);
            tally.finish(job, &all, end.reached == Reached::Failure);
        } else {
            wait = pods::manage(context, job, &all, &mut tally).await?;
            end = status::completed(job, &tally);
            if end.is_none() && status::note_suspension(job, &mut status, suspended, now) {
                let what = if suspended {
                    ("Suspended", "Job suspended")
                } else {
                    ("Resumed", "Job resumed")
                };
                context.events.normal(job, what.0, what.1).await;
            }
        }
        let deadline = if end.is_none() && !suspended {
            status::until_deadline(job, &status, now)
        } else {
            None
        };
        self.settle(job, status, &tally, end).await?;
        Ok([wait, deadline].into_iter().flatten().min())
    }

    /// Counts ended pods once and for all, and writes the status. Their uids are written down
    /// first, then their finalizers go, then they are counted: so that none is lost or counted
    /// twice, wherever this is interrupted.
    async fn settle(&self, job: &Arc<Object>, mut status: Value, tally: &Tally, end: Option<End>) -> Result<(), Status> {
        let context = &self.0;
        let time = seconds(context.clock.now());
        tally.write_counts(&mut status);
        if let Some(end) = &end {
            end.announce(&mut status, &time);
        }
        status["uncountedTerminatedPods"] = tally.uncounted_pods();
        let mut job = status::write(context, job, status.clone()).await?;
        for pod in &tally.to_release {
            pods::release(context, pod).await?;
        }
        tally.count(&mut status);
        if let Some(end) = end.filter(|_| tally.terminating == 0 && tally.active == 0) {
            end.conclude(&mut status, &time);
        }
        job = status::write(context, &job, status).await?;
        for (kind, reached) in [("Complete", Reached::Success), ("Failed", Reached::Failure)] {
            if let Some(condition) = conditions::find(job.list_at("/status/conditions"), kind) {
                let (reason, message) = (condition.str_at("/reason"), condition.str_at("/message"));
                match reached {
                    Reached::Success => context.events.normal(&job, "Completed", "Job completed").await,
                    Reached::Failure => context.events.warning(&job, reason, message).await,
                }
            }
        }
        Ok(())
    }
}

/// A duration as an integer field gives it.
fn duration(seconds: i64) -> Duration {
    Duration::from_secs(seconds.max(0).unsigned_abs())
}
