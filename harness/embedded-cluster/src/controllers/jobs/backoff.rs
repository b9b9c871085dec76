//! How long a job waits before it replaces failed pods.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::tally::is_failed;
use crate::controllers::fields::Fields;
use crate::object::Object;

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(600);

/// Time left of the pause after the last failure: 10 s, doubled with each failure since the last
/// success. None when there is nothing to wait for.
pub(super) fn remaining(job: &Object, all: &[Arc<Object>], now: Timestamp) -> Option<Duration> {
    let ended = |pod: &&Arc<Object>| pod.str_at("/status/phase") == "Succeeded" || is_failed(job, pod);
    let mut ends: Vec<(Timestamp, bool)> = all
        .iter()
        .filter(ended)
        .filter_map(|pod| Some((end(pod)?, is_failed(job, pod))))
        .collect();
    ends.sort();
    let failures = ends.iter().rev().take_while(|(_, failed)| *failed).count();
    let (last, _) = ends.last().filter(|_| failures > 0)?;
    pause(failures, *last, now)
}

/// Time left of the pause after the last of so many failures in a row. None when it is over.
pub(super) fn pause(failures: usize, last: Timestamp, now: Timestamp) -> Option<Duration> {
    let doublings = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(16);
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let passed = Duration::try_from(now.duration_since(last)).unwrap_or_default();
    Some(whole.saturating_sub(passed)).filter(|left| !left.is_zero())
}

/// When the last container ended; else when the pod was deleted or made.
pub(super) fn end(pod: &Object) -> Option<Timestamp> {
    let ends = pod
        .list_at("/status/containerStatuses")
        .iter()
        .filter_map(|c| c.time_at("/state/terminated/finishedAt"));
    ends.max()
        .or_else(|| pod.time_at("/metadata/deletionTimestamp"))
        .or_else(|| pod.time_at("/metadata/creationTimestamp"))
}

#[cfg(test)]
mod tests {
    use crate::value::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_pods(&[], None)]
    #[case::first_failure(&[("Failed", 0)], Some(7))]
    #[case::over(&[("Failed", -10)], None)]
    #[case::doubled(&[("Failed", -60), ("Failed", 0)], Some(17))]
    #[case::success_between(&[("Failed", -60), ("Succeeded", -30), ("Failed", 0)], Some(7))]
    #[case::success_last(&[("Failed", -60), ("Succeeded", 0)], None)]
    fn pauses(#[case] ends: &[(&str, i64)], #[case] expected: Option<u64>) {
        let epoch = 1_767_225_600;
        let pod = |(phase, second): &(&str, i64)| {
            let at = Timestamp::from_second(epoch + second).unwrap().to_string();
            let terminated = json!([{"state": {"terminated": {"finishedAt": at}}}]);
            Arc::new(Object::new(json!({"status": {"phase": phase, "containerStatuses": terminated}})))
        };
        let pods: Vec<_> = ends.iter().map(pod).collect();
        let now = Timestamp::from_second(epoch + 3).unwrap();
        assert_eq!(remaining(&Object::new(json!({})), &pods, now), expected.map(Duration::from_secs));
    }
}
