//! Points at which a program can be killed.
//!
//! A program names moments of its work and says when it is there ([`CrashSite::reached`]). Whoever tests it asks for a kill at one of
//! them ([`CrashPoints::arm`]); then its container ends as by SIGKILL, there and not a statement later.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Which runs are killed, where, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// The pods' namespace.
    pub namespace: String,
    /// Labels that the pods have, among others.
    pub labels: BTreeMap<String, String>,
    /// The point's name.
    pub point: String,
    /// How many runs are killed; the next one goes on.
    pub times: u32,
}

/// The kills that are asked for on the nodes of a cluster. Clones are the same set.
#[derive(Clone, Debug, Default)]
pub struct CrashPoints(Arc<Mutex<Armed>>);

#[derive(Debug, Default)]
struct Armed {
    next: u64,
    crashes: BTreeMap<u64, (Crash, watch::Sender<u32>)>,
}

impl CrashPoints {
    /// Asks for kills, until what is returned is dropped.
    #[must_use]
    pub fn arm(&self, crash: Crash) -> Crashing {
        let (kills, seen) = watch::channel(0);
        let mut armed = self.lock();
        let id = armed.next;
        armed.next += 1;
        armed.crashes.insert(id, (crash, kills));
        Crashing {
            points: self.clone(),
            id,
            seen,
        }
    }

    /// Counts a kill, if one is asked for here.
    fn due(&self, namespace: &str, labels: &BTreeMap<String, String>, point: &str) -> bool {
        let armed = self.lock();
        let due = armed.crashes.values().find(|(crash, kills)| {
            let is_of = |(key, value): (&String, &String)| labels.get(key) == Some(value);
            crash.point == point && crash.namespace == namespace && *kills.borrow() < crash.times && crash.labels.iter().all(is_of)
        });
        due.inspect(|(_, kills)| kills.send_modify(|kills| *kills += 1)).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Armed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Kills that are asked for; none come once this is dropped.
#[derive(Debug)]
pub struct Crashing {
    points: CrashPoints,
    id: u64,
    seen: watch::Receiver<u32>,
}

impl Crashing {
    /// How many runs were killed.
    #[must_use]
    pub fn kills(&self) -> u32 {
        *self.seen.borrow()
    }

    /// The number of kills, to wait for a change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u32> {
        self.seen.clone()
    }
}

impl Drop for Crashing {
    fn drop(&mut self) {
        self.points.lock().crashes.remove(&self.id);
    }
}

/// One run of a container, as its program tells where it is. By default nobody asks.
#[derive(Clone, Debug, Default)]
pub struct CrashSite {
    points: CrashPoints,
    namespace: String,
    labels: BTreeMap<String, String>,
    killed: CancellationToken,
}

impl CrashSite {
    pub(crate) fn new(points: &CrashPoints, namespace: &str, labels: &BTreeMap<String, String>) -> Self {
        Self {
            points: points.clone(),
            namespace: namespace.to_owned(),
            labels: labels.clone(),
            killed: CancellationToken::new(),
        }
    }

    /// Tells that the run is at `point`. It does not return from a point where the run is killed.
    pub async fn reached(&self, point: &str) {
        if self.killed.is_cancelled() || self.points.due(&self.namespace, &self.labels, point) {
            self.killed.cancel();
            std::future::pending().await
        }
    }

    /// Returns once the run is killed.
    pub(crate) async fn killed(&self) {
        self.killed.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use futures::FutureExt;

    use super::{Crash, CrashPoints, CrashSite};

    fn labels(app: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("app".to_owned(), app.to_owned()), ("other".to_owned(), "x".to_owned())])
    }

    #[test]
    fn runs_are_killed_at_their_point_and_as_often_as_asked() {
        let points = CrashPoints::default();
        let crash = Crash {
            namespace: "flyte".to_owned(),
            labels: BTreeMap::from([("app".to_owned(), "admin".to_owned())]),
            point: "made".to_owned(),
            times: 1,
        };
        let armed = points.arm(crash.clone());
        for (namespace, app, point) in [("other", "admin", "made"), ("flyte", "other", "made"), ("flyte", "admin", "stored")] {
            let site = CrashSite::new(&points, namespace, &labels(app));
            assert!(site.reached(point).now_or_never().is_some(), "{namespace} {app} {point}");
        }
        let first = CrashSite::new(&points, "flyte", &labels("admin"));
        assert!(first.reached("made").now_or_never().is_none());
        assert!(first.killed().now_or_never().is_some());
        assert!(first.reached("stored").now_or_never().is_none(), "nothing goes on in a killed run");
        let second = CrashSite::new(&points, "flyte", &labels("admin"));
        assert!(second.reached("made").now_or_never().is_some());
        assert_eq!(armed.kills(), 1);
        drop(armed);
        let unused = points.arm(crash);
        drop(unused);
        let third = CrashSite::new(&points, "flyte", &labels("admin"));
        assert!(third.reached("made").now_or_never().is_some());
    }
}
