//! What a job's pods amount to.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::value::{Value, json};

use super::TRACKING;
use super::indexes;
use crate::controllers::fields::Fields;
use crate::controllers::pods;
use crate::object::Object;

/// The pods of a job, counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) active: i64,
    pub(super) ready: i64,
    pub(super) terminating: i64,
    /// Ended well: counted, and about to be.
    pub(super) succeeded: i64,
    /// Ended badly: counted, and about to be.
    pub(super) failed: i64,
    /// Whether a failure is among those about to be counted.
    pub(super) has_new_failure: bool,
    /// Restarts of containers in pods that still run.
    pub(super) restarts: i64,
    /// Indexes that ended well, for indexed jobs.
    pub(super) completed: Option<BTreeSet<i64>>,
    /// Uids to count as succeeded, as failed.
    pub(super) uncounted: [Vec<String>; 2],
    /// Ended pods that still carry the finalizer.
    pub(super) to_release: Vec<Arc<Object>>,
}

impl Tally {
    /// Counts pods; what the job's status counts already, or is about to, stays counted.
    pub(super) fn of(job: &Object, all: &[Arc<Object>]) -> Self {
        let listed = |list: &str| -> Vec<String> {
            let uids = job.list_at(&format!("/status/uncountedTerminatedPods/{list}"));
            uids.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut tally = Self {
            uncounted: [listed("succeeded"), listed("failed")],
            ..Self::default()
        };
        let indexed = job.str_at("/spec/completionMode") == "Indexed";
        tally.completed = indexed.then(|| indexes::parse(job.str_at("/status/completedIndexes")));
        for pod in all {
            tally.add(job, pod);
        }
        let [succeeded, failed] = &tally.uncounted;
        tally.failed = job.int_at("/status/failed") + count(failed.len());
        tally.succeeded = match &tally.completed {
            Some(completed) => count(completed.len()),
            None => job.int_at("/status/succeeded") + count(succeeded.len()),
        };
        tally
    }

    fn add(&mut self, job: &Object, pod: &Arc<Object>) {
        let going = pod.deletion_timestamp().is_some();
        self.terminating += i64::from(going && !pods::is_ended(pod));
        if pods::is_active(pod) {
            self.active += 1;
            self.ready += i64::from(pods::is_ready(pod));
            self.restarts += pods::restarts(pod);
        }
        let succeeded = pod.str_at("/status/phase") == "Succeeded";
        if !(succeeded || is_failed(job, pod)) || !is_tracked(pod) {
            return;
        }
        self.to_release.push(pod.clone());
        if succeeded && let (Some(completed), Some(index)) = (&mut self.completed, indexes::of(pod)) {
            completed.insert(index);
        }
        let list = &mut self.uncounted[usize::from(!succeeded)];
        if !list.iter().any(|uid| uid == pod.uid()) {
            list.push(pod.uid().to_owned());
            self.has_new_failure |= !succeeded;
        }
    }

    /// `status.uncountedTerminatedPods`.
    pub(super) fn uncounted_pods(&self) -> Value {
        let mut lists = json!({});
        for (field, uids) in ["succeeded", "failed"].into_iter().zip(&self.uncounted) {
            if !uids.is_empty() {
                lists[field] = uids.clone().into();
            }
        }
        lists
    }

    /// Writes what runs now.
    pub(super) fn write_counts(&self, status: &mut Value) {
        set(status, "active", self.active);
        status["ready"] = self.ready.into();
        status["terminating"] = self.terminating.into();
    }

    /// Counts what was uncounted.
    pub(super) fn count(&self, status: &mut Value) {
        set(status, "succeeded", self.succeeded);
        set(status, "failed", self.failed);
        if let Some(completed) = self.completed.as_ref().filter(|completed| !completed.is_empty()) {
            status["completedIndexes"] = indexes::format(completed).into();
        }
        status["uncountedTerminatedPods"] = json!({});
    }
}

/// Whether a job has yet to count a pod.
pub(super) fn is_tracked(pod: &Object) -> bool {
    pod.finalizers().any(|finalizer| finalizer == TRACKING)
}

/// Whether a pod counts as failed. A deleted one does, unless the job waits for its end.
pub(super) fn is_failed(job: &Object, pod: &Object) -> bool {
    let only_ended = job.str_at("/spec/podReplacementPolicy") == "Failed";
    pod.str_at("/status/phase") == "Failed"
        || (!only_ended && pod.deletion_timestamp().is_some() && pod.str_at("/status/phase") != "Succeeded")
}

fn set(status: &mut Value, field: &str, number: i64) {
    if number > 0 {
        status[field] = number.into();
    } else if let Some(fields) = status.as_object_mut() {
        fields.remove(field);
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(uid: &str, phase: &str, tracked: bool) -> Arc<Object> {
        let finalizers = if tracked { json!([TRACKING]) } else { json!([]) };
        Arc::new(Object::new(
            json!({"metadata": {"name": uid, "uid": uid, "finalizers": finalizers}, "status": {"phase": phase}}),
        ))
    }

    #[test]
    fn nothing_is_counted_twice() {
        let job = Object::new(json!({
            "status": {"succeeded": 1, "failed": 2, "uncountedTerminatedPods": {"failed": ["c"]}},
        }));
        let pods = [
            pod("a", "Running", true),
            pod("b", "Succeeded", true),
            pod("c", "Failed", true),
            pod("d", "Failed", false),
            pod("e", "Failed", true),
        ];
        let tally = Tally::of(&job, &pods);
        assert_eq!(
            (tally.active, tally.succeeded, tally.failed, tally.has_new_failure),
            (1, 2, 4, true)
        );
        assert_eq!(tally.uncounted_pods(), json!({"succeeded": ["b"], "failed": ["c", "e"]}));
        let mut status = job.at("/status").clone();
        tally.count(&mut status);
        assert_eq!(status, json!({"succeeded": 2, "failed": 4, "uncountedTerminatedPods": {}}));
    }
}
