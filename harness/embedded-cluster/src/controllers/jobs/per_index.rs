//! Failures of an indexed job by index: `backoffLimitPerIndex`.
//!
//! How often an index has failed stands on its pods, each of which counts on from the one before. So the last failed pod of
//! an index is held until its successor is there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::tally::{Tally, is_failed, is_tracked};
use super::{backoff, indexes, policies};
use crate::controllers::fields::Fields;
use crate::controllers::pods;
use crate::object::Object;
use crate::value::Value;

/// Annotation of pods: how often their index failed before them.
const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// Annotation of pods: how often their index failed before them in a way that does not count.
const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// The job's limit, if it has one.
fn limit(job: &Object) -> Option<i64> {
    job.number_at("/spec/backoffLimitPerIndex")
}

/// Whether the job counts failures by index.
pub(super) fn applies(job: &Object) -> bool {
    limit(job).is_some()
}

/// Whether this failed pod is the end of its index.
pub(super) fn is_over(job: &Object, pod: &Object) -> bool {
    let action = policies::on_failure(job, pod);
    let exceeded = limit(job).is_some_and(|limit| number(pod, FAILURES) >= limit);
    action == policies::Action::FailIndex || (action.counts() && exceeded)
}

/// The failed pods to hold, by index: those that no other pod has taken over from.
pub(super) fn held(job: &Object, all: &[Arc<Object>], tally: &Tally) -> BTreeMap<i64, Arc<Object>> {
    let mut held: BTreeMap<i64, Arc<Object>> = BTreeMap::new();
    if !applies(job) {
        return held;
    }
    let running: Vec<i64> = all
        .iter()
        .filter(|pod| pods::is_active(pod))
        .filter_map(|pod| indexes::of(pod))
        .collect();
    let rank = |pod: &Object| (all_failures(pod), backoff::end(pod));
    for pod in all
        .iter()
        .filter(|pod| is_failed(job, pod) && is_tracked(pod) && !tally.is_uncounted(pod))
    {
        let Some(index) = indexes::of(pod) else { continue };
        if tally.is_settled(index) || running.contains(&index) {
            continue;
        }
        let last = held.entry(index).or_insert_with(|| pod.clone());
        if rank(last) <= rank(pod) {
            *last = pod.clone();
        }
    }
    held
}

/// Time left of the pause after an index's last failure: 10 s, doubled with each one.
pub(super) fn pause(last: &Object, now: Timestamp) -> Option<Duration> {
    let failures = usize::try_from(all_failures(last)).unwrap_or(0) + 1;
    backoff::pause(failures, backoff::end(last)?, now)
}

/// Writes down how often a new pod's index failed before it; `last`: the pod that it replaces.
pub(super) fn note(job: &Object, last: Option<&Object>, annotations: &mut Value) {
    if !applies(job) {
        return;
    }
    let counts = last.is_some_and(|last| policies::on_failure(job, last).counts());
    let before = |name: &str, more: bool| last.map_or(0, |last| number(last, name)) + i64::from(more);
    annotations[FAILURES] = before(FAILURES, counts).to_string().into();
    let ignored = before(IGNORED, last.is_some() && !counts);
    if ignored > 0 {
        annotations[IGNORED] = ignored.to_string().into();
    }
}

fn all_failures(pod: &Object) -> i64 {
    number(pod, FAILURES) + number(pod, IGNORED)
}

fn number(pod: &Object, annotation: &str) -> i64 {
    pod.annotation(annotation).and_then(|count| count.parse().ok()).unwrap_or(0)
}
