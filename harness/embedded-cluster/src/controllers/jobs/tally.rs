//! What a job's pods amount to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::value::{Value, json};

use super::{TRACKING, indexes, per_index, policies};
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
    /// Indexes that ended badly, for jobs that count failures by index.
    pub(super) failed_indexes: Option<BTreeSet<i64>>,
    /// Failed pods that are counted only when their index has another one.
    pub(super) held: BTreeMap<i64, Arc<Object>>,
    /// Why a failed pod ends the whole job.
    pub(super) fatal: Option<String>,
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
        tally.failed_indexes = per_index::applies(job).then(|| indexes::parse(job.str_at("/status/failedIndexes")));
        for pod in all {
            tally.look(job, pod);
        }
        tally.held = per_index::held(job, all, &tally);
        for pod in all {
            tally.end(job, pod);
        }
        tally.sum(job);
        tally
    }

    /// Counts all that is left of a job that has ended. Where it ended badly, pods that still run have failed.
    pub(super) fn finish(&mut self, job: &Object, all: &[Arc<Object>], badly: bool) {
        for pod in all.iter().filter(|pod| is_tracked(pod)) {
            if self.to_release.iter().any(|known| known.uid() == pod.uid()) {
                continue;
            }
            self.to_release.push(pod.clone());
            if badly || is_failed(job, pod) {
                self.add_failure(job, pod);
            }
        }
        self.held.clear();
        self.sum(job);
    }

    fn sum(&mut self, job: &Object) {
        let [succeeded, failed] = &self.uncounted;
        self.failed = job.int_at("/status/failed") + count(failed.len());
        self.succeeded = match &self.completed {
            Some(completed) => count(completed.len()),
            None => job.int_at("/status/succeeded") + count(succeeded.len()),
        };
    }

    /// Failures, with those that are not counted yet.
    pub(super) fn all_failed(&self, job: &Object) -> i64 {
        let held = self.held.values().filter(|pod| policies::on_failure(job, pod).counts());
        self.failed + count(held.count())
    }

    /// Whether a pod is about to be counted as failed.
    pub(super) fn is_uncounted(&self, pod: &Object) -> bool {
        self.uncounted[1].iter().any(|uid| uid == pod.uid())
    }

    /// Whether an index has ended.
    pub(super) fn is_settled(&self, index: i64) -> bool {
        let among = |indexes: &Option<BTreeSet<i64>>| indexes.as_ref().is_some_and(|indexes| indexes.contains(&index));
        among(&self.completed) || among(&self.failed_indexes)
    }

    /// Counts what a pod is, and what it means for its index.
    fn look(&mut self, job: &Object, pod: &Arc<Object>) {
        let going = pod.deletion_timestamp().is_some();
        self.terminating += i64::from(going && !pods::is_ended(pod));
        if pods::is_active(pod) {
            self.active += 1;
            self.ready += i64::from(pods::is_ready(pod));
            self.restarts += pods::restarts(pod);
        }
        if !is_tracked(pod) {
            return;
        }
        let indexes = if is_succeeded(pod) {
            &mut self.completed
        } else if is_failed(job, pod) {
            if let (None, policies::Action::FailJob(why)) = (&self.fatal, policies::on_failure(job, pod)) {
                self.fatal = Some(why);
            }
            &mut self.failed_indexes
        } else {
            return;
        };
        if let (Some(indexes), Some(index)) = (indexes, indexes::of(pod))
            && (is_succeeded(pod) || per_index::is_over(job, pod))
        {
            indexes.insert(index);
        }
    }

    /// Notes a pod that has ended, to be counted.
    fn end(&mut self, job: &Object, pod: &Arc<Object>) {
        if !is_tracked(pod) {
            return;
        }
        if is_succeeded(pod) {
            self.to_release.push(pod.clone());
            if !self.uncounted[0].iter().any(|uid| uid == pod.uid()) {
                self.uncounted[0].push(pod.uid().to_owned());
            }
        } else if is_failed(job, pod) {
            if self.held.values().any(|held| held.uid() == pod.uid()) {
                self.has_new_failure = true;
                return;
            }
            self.to_release.push(pod.clone());
            self.add_failure(job, pod);
        }
    }

    fn add_failure(&mut self, job: &Object, pod: &Object) {
        if !self.is_uncounted(pod) && policies::on_failure(job, pod).counts() {
            self.uncounted[1].push(pod.uid().to_owned());
            self.has_new_failure = true;
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

    /// Writes what runs now, and which indexes have ended: no pod tells that once it is released.
    pub(super) fn write_counts(&self, status: &mut Value) {
        if let Some(completed) = self.completed.as_ref().filter(|completed| !completed.is_empty()) {
            status["completedIndexes"] = indexes::format(completed).into();
        }
        if let Some(failed) = &self.failed_indexes {
            status["failedIndexes"] = indexes::format(failed).into();
        }
        set(status, "active", self.active);
        status["ready"] = self.ready.into();
        status["terminating"] = self.terminating.into();
    }

    /// Counts what was uncounted.
    pub(super) fn count(&self, status: &mut Value) {
        set(status, "succeeded", self.succeeded);
        set(status, "failed", self.failed);
        status["uncountedTerminatedPods"] = json!({});
    }
}

fn is_succeeded(pod: &Object) -> bool {
    pod.str_at("/status/phase") == "Succeeded"
}

/// Whether a job has yet to count a pod.
pub(super) fn is_tracked(pod: &Object) -> bool {
    pod.finalizers().any(|finalizer| finalizer == TRACKING)
}

/// Whether a pod counts as failed. A deleted one does, unless the job waits for its end.
pub(super) fn is_failed(job: &Object, pod: &Object) -> bool {
    pod.str_at("/status/phase") == "Failed"
        || (!only_ended(job) && pod.deletion_timestamp().is_some() && pod.str_at("/status/phase") != "Succeeded")
}

/// Whether a job waits for the end of a pod before it replaces it.
pub(super) fn only_ended(job: &Object) -> bool {
    job.str_at("/spec/podReplacementPolicy") == "Failed"
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
