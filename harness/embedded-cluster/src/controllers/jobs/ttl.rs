//! `ttl-after-finished-controller`: deletes finished jobs after `ttlSecondsAfterFinished`.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{duration, is_finished};
use crate::client::{DeleteOptions, Propagation};
use crate::controllers::conditions;
use crate::controllers::fields::Fields;
use crate::controllers::resources::JOBS;
use crate::controllers::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;

/// Keys are finished jobs with a time to live.
pub(crate) struct Ttl(pub(crate) Context);

impl Controller for Ttl {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&JOBS) && !change.gone && remaining(&change.object, Timestamp::UNIX_EPOCH).is_some() {
            vec![change.key()]
        } else {
            vec![]
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Context { cache, client, clock, .. } = &self.0;
            let Some(job) = cache.get(&JOBS, key).filter(|job| job.deletion_timestamp().is_none()) else {
                return Ok(None);
            };
            let Some(left) = remaining(&job, clock.now()) else {
                return Ok(None);
            };
            if !left.is_zero() {
                return Ok(Some(left));
            }
            let revision = Some(job.revision().to_string());
            let propagation = Some(Propagation::Foreground);
            let options = DeleteOptions {
                propagation,
                resource_version: revision,
                ..DeleteOptions::of_uid(job.uid())
            };
            match client.delete(&JOBS, job.namespace(), job.name(), &options).await {
                Err(error) if !error.is_not_found() => Err(error),
                _ => Ok(None),
            }
        })
    }
}

/// Time that a finished job has left; none where it is not finished or has no limit.
fn remaining(job: &Object, now: Timestamp) -> Option<Duration> {
    let limit = duration(job.number_at("/spec/ttlSecondsAfterFinished")?);
    if !is_finished(job) || job.deletion_timestamp().is_some() {
        return None;
    }
    let conditions = job.list_at("/status/conditions");
    let last = ["Complete", "Failed"]
        .into_iter()
        .find_map(|kind| conditions::find(conditions, kind))?;
    let passed = now.duration_since(last.time_at("/lastTransitionTime")?);
    Some(limit.saturating_sub(Duration::try_from(passed).unwrap_or_default()))
}
