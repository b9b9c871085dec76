//! `status` of a job: whether it has ended, and how.

use std::sync::Arc;
use std::time::Duration;

use crate::value::Value;
use jiff::Timestamp;

use super::tally::Tally;
use super::{duration, policies};
use crate::controllers::conditions::{self, Condition};
use crate::controllers::fields::{Fields, seconds};
use crate::controllers::resources::JOBS;
use crate::controllers::runtime::Context;
use crate::object::Object;
use crate::status::Status;

/// Well or badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Success,
    Failure,
}

/// The end of a job: first announced, and concluded when no pod of it runs any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) reached: Reached,
    reason: String,
    message: String,
}

impl End {
    fn new(reached: Reached, reason: &str, message: &str) -> Self {
        Self {
            reached,
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// Adds the condition that tells what is coming.
    pub(super) fn announce(&self, status: &mut Value, now: &str) {
        let kind = match self.reached {
            Reached::Success => "SuccessCriteriaMet",
            Reached::Failure => "FailureTarget",
        };
        self.add(status, kind, now);
    }

    /// Adds the last condition.
    pub(super) fn conclude(&self, status: &mut Value, now: &str) {
        match self.reached {
            Reached::Success => {
                self.add(status, "Complete", now);
                status["completionTime"] = now.into();
            }
            Reached::Failure => self.add(status, "Failed", now),
        }
    }

    fn add(&self, status: &mut Value, kind: &str, now: &str) {
        let condition = Condition {
            kind,
            status: "True",
            reason: &self.reason,
            message: &self.message,
        };
        set_condition(status, &condition, now);
    }
}

fn set_condition(status: &mut Value, condition: &Condition<'_>, now: &str) {
    let mut list = status.list_at("/conditions").to_vec();
    conditions::set(&mut list, condition, now, Some("lastProbeTime"));
    status["conditions"] = list.into();
}

/// The end that was announced before, or that failures or the deadline bring now.
pub(super) fn reached(job: &Object, status: &Value, tally: &Tally, now: Timestamp) -> Option<End> {
    for (kind, reached) in [("SuccessCriteriaMet", Reached::Success), ("FailureTarget", Reached::Failure)] {
        if let Some(condition) = conditions::find(status.list_at("/conditions"), kind).filter(|c| c["status"] == "True") {
            return Some(End::new(reached, condition.str_at("/reason"), condition.str_at("/message")));
        }
    }
    let failure = |reason, message| Some(End::new(Reached::Failure, reason, message));
    if let Some(why) = &tally.fatal {
        return failure("PodFailurePolicy", why);
    }
    let limit = job.number_at("/spec/backoffLimit").unwrap_or(6);
    let restarted = job.str_at("/spec/template/spec/restartPolicy") == "OnFailure" && tally.restarts > 0 && tally.restarts >= limit;
    if restarted || (tally.has_new_failure && tally.all_failed(job) > limit) {
        return failure("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    }
    let suspended = job.flag_at("/spec/suspend");
    if !suspended && until_deadline(job, status, now).is_some_and(|left| left.is_zero()) {
        return failure("DeadlineExceeded", "Job was active longer than specified deadline");
    }
    by_indexes(job, tally)
}

/// The end that an indexed job's indexes bring.
fn by_indexes(job: &Object, tally: &Tally) -> Option<End> {
    let completed = tally.completed.as_ref()?;
    let number = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    if let Some(failed) = tally.failed_indexes.as_ref().filter(|failed| !failed.is_empty()) {
        let over = |reason, message| Some(End::new(Reached::Failure, reason, message));
        if job
            .number_at("/spec/maxFailedIndexes")
            .is_some_and(|most| number(failed.len()) > most)
        {
            return over(
                "MaxFailedIndexesExceeded",
                "Job has exceeded the specified maximal number of failed indexes",
            );
        }
        if number(failed.len() + completed.len()) >= job.int_at("/spec/completions") {
            return over("FailedIndexes", "Job has failed indexes");
        }
    }
    policies::success(job, completed).map(|rule| End::new(Reached::Success, "SuccessPolicy", &rule))
}

/// The end that enough successes bring.
pub(super) fn completed(job: &Object, tally: &Tally) -> Option<End> {
    let complete = match job.number_at("/spec/completions") {
        Some(completions) => tally.succeeded >= completions && !job.flag_at("/spec/suspend"),
        None => tally.succeeded > 0 && tally.active == 0,
    };
    complete.then(|| End::new(Reached::Success, "CompletionsReached", "Reached expected number of succeeded pods"))
}

/// Time until the job has been active for too long.
pub(super) fn until_deadline(job: &Object, status: &Value, now: Timestamp) -> Option<Duration> {
    let deadline = duration(job.number_at("/spec/activeDeadlineSeconds")?);
    let active = now.duration_since(status.time_at("/startTime")?);
    Some(deadline.saturating_sub(Duration::try_from(active).unwrap_or_default()))
}

/// Notes that the job was suspended or resumed; true when that is news.
pub(super) fn note_suspension(job: &Object, status: &mut Value, suspended: bool, now: Timestamp) -> bool {
    let was = conditions::is_true(job, "Suspended");
    if was == suspended {
        return false;
    }
    let time = seconds(now);
    let (value, reason, message) = if suspended {
        ("True", "JobSuspended", "Job suspended")
    } else {
        ("False", "JobResumed", "Job resumed")
    };
    set_condition(
        status,
        &Condition {
            kind: "Suspended",
            status: value,
            reason,
            message,
        },
        &time,
    );
    if suspended {
        status.as_object_mut().and_then(|fields| fields.remove("startTime"));
    } else {
        status["startTime"] = time.into();
    }
    true
}

/// Writes a status, if it differs.
pub(super) async fn write(context: &Context, job: &Arc<Object>, status: Value) -> Result<Arc<Object>, Status> {
    if status == *job.at("/status") {
        return Ok(job.clone());
    }
    let mut value = job.value().clone();
    value["status"] = status;
    context.client.update_status(&JOBS, value).await
}

#[cfg(test)]
mod tests {
    use crate::value::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::runs(json!({}), json!({}), Tally::default(), None)]
    #[case::below_the_limit(json!({"backoffLimit": 1}), json!({}), Tally { failed: 1, has_new_failure: true, ..Tally::default() }, None)]
    #[case::above_the_limit(json!({"backoffLimit": 1}), json!({}), Tally { failed: 2, has_new_failure: true, ..Tally::default() }, Some("BackoffLimitExceeded"))]
    #[case::only_old_failures(json!({"backoffLimit": 1}), json!({}), Tally { failed: 2, ..Tally::default() }, None)]
    #[case::restarts(
        json!({"backoffLimit": 3, "template": {"spec": {"restartPolicy": "OnFailure"}}}), json!({}), Tally { restarts: 3, ..Tally::default() },
        Some("BackoffLimitExceeded")
    )]
    #[case::deadline(json!({"activeDeadlineSeconds": 30}), json!({"startTime": "2026-01-01T00:00:00Z"}), Tally::default(), Some("DeadlineExceeded"))]
    #[case::not_yet(json!({"activeDeadlineSeconds": 90}), json!({"startTime": "2026-01-01T00:00:00Z"}), Tally::default(), None)]
    #[case::suspended(json!({"activeDeadlineSeconds": 30, "suspend": true}), json!({"startTime": "2026-01-01T00:00:00Z"}), Tally::default(), None)]
    #[case::announced(json!({}), json!({"conditions": [{"type": "FailureTarget", "status": "True", "reason": "X"}]}), Tally::default(), Some("X"))]
    fn ends(#[case] spec: Value, #[case] status: Value, #[case] tally: Tally, #[case] expected: Option<&str>) {
        let job = Object::new(json!({"spec": spec}));
        let now = "2026-01-01T00:01:00Z".parse().unwrap();
        assert_eq!(reached(&job, &status, &tally, now).map(|end| end.reason).as_deref(), expected);
    }

    #[rstest]
    #[case::all(json!({"completions": 2}), 2, 0, true)]
    #[case::one_missing(json!({"completions": 2}), 1, 1, false)]
    #[case::work_queue_still_runs(json!({}), 1, 1, false)]
    #[case::work_queue(json!({}), 1, 0, true)]
    fn successes(#[case] spec: Value, #[case] succeeded: i64, #[case] active: i64, #[case] expected: bool) {
        let tally = Tally {
            succeeded,
            active,
            ..Tally::default()
        };
        assert_eq!(completed(&Object::new(json!({"spec": spec})), &tally).is_some(), expected);
    }
}
