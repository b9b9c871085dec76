//! Writes that a reader of watches has yet to see.
//!
//! Controllers look at their cache only when it shows all that they did themselves; a watch over a wire brings that later than the answer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::apiserver::Target;
use crate::resource::Resource;
use crate::value::Value;

/// What was written and deleted, as far as it is not known to be seen.
#[derive(Default)]
pub(crate) struct Writes(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    /// The last revision written, by type. Revisions are of one counter for the whole cluster.
    written: BTreeMap<Resource, u64>,
    deleted: Vec<Deleted>,
}

/// An object that is gone, or is going.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deleted {
    pub(crate) resource: Resource,
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Another object of that name is not it.
    pub(crate) uid: String,
}

impl Writes {
    /// An object was written and is `now` so.
    pub(super) fn written(&self, resource: &Resource, now: &Value) {
        let revision: Option<u64> = now["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse().ok());
        if let Some(revision) = revision {
            let mut pending = self.lock();
            let last = pending.written.entry(resource.clone()).or_insert(0);
            *last = revision.max(*last);
        }
    }

    /// An object was deleted; `answer` is what is left of it, or the report that it is gone.
    pub(super) fn deleted(&self, target: &Target, answer: &Value) {
        if answer["metadata"]["deletionTimestamp"].is_string() {
            return self.written(&target.resource, answer);
        }
        if let (Some(name), Some(uid)) = (&target.name, answer["details"]["uid"].as_str()) {
            self.lock().deleted.push(Deleted {
                resource: target.resource.clone(),
                namespace: target.namespace.clone().unwrap_or_default(),
                name: name.clone(),
                uid: uid.to_owned(),
            });
        }
    }

    /// Whether a reader has seen all: `seen` are the revisions up to which it knows the types that it watches, and `is_gone` says whether it
    /// knows of a deletion.
    pub(crate) fn are_seen(&self, seen: &BTreeMap<Resource, u64>, is_gone: impl Fn(&Deleted) -> bool) -> bool {
        let mut pending = self.lock();
        pending
            .written
            .retain(|resource, revision| seen.get(resource).is_some_and(|seen| seen < revision));
        pending
            .deleted
            .retain(|deleted| seen.contains_key(&deleted.resource) && !is_gone(deleted));
        pending.written.is_empty() && pending.deleted.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    const PODS: Resource = Resource::new("", "v1", "pods");

    fn seen(revision: u64) -> BTreeMap<Resource, u64> {
        [(PODS, revision)].into()
    }

    fn object(revision: &str) -> Value {
        json!({"metadata": {"resourceVersion": revision}})
    }

    #[test]
    fn a_write_is_seen_with_its_revision() {
        let writes = Writes::default();
        assert!(writes.are_seen(&seen(1), |_| false));
        writes.written(&PODS, &object("7"));
        writes.written(&PODS, &object("6"));
        assert!(!writes.are_seen(&seen(6), |_| false));
        assert!(writes.are_seen(&seen(7), |_| false));
    }

    #[test]
    fn types_that_nobody_watches_are_not_waited_for() {
        let writes = Writes::default();
        writes.written(&Resource::new("", "v1", "events"), &object("7"));
        assert!(writes.are_seen(&seen(1), |_| false));
    }

    #[test]
    fn a_deletion_is_seen_when_the_object_is_gone() {
        let target = Target {
            resource: PODS,
            namespace: Some("n".into()),
            name: Some("p".into()),
            subresource: None,
        };
        let writes = Writes::default();
        writes.deleted(&target, &json!({"kind": "Status", "details": {"uid": "u"}}));
        assert!(!writes.are_seen(&seen(9), |_| false));
        assert!(writes.are_seen(&seen(9), |gone| (&*gone.namespace, &*gone.name, &*gone.uid) == ("n", "p", "u")));
        // With a grace period it is a write.
        writes.deleted(
            &target,
            &json!({"metadata": {"resourceVersion": "12", "deletionTimestamp": "2026-01-01T00:00:00Z"}}),
        );
        assert!(!writes.are_seen(&seen(9), |_| true));
        assert!(writes.are_seen(&seen(12), |_| false));
    }
}
