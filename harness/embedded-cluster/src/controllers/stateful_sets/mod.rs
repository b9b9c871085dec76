//! `statefulset-controller`: pods with ordinals, made, replaced and removed in order.

mod pod;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::fields::Fields;
use super::pods;
use super::replica_sets::{claim, min_ready};
use super::resources::{PODS, STATEFUL_SETS, VOLUME_CLAIMS};
use super::revisions::{self, Revisions};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use super::selector;
use crate::client::DeleteOptions;
use crate::object::Object;
use crate::status::Status;

/// Label of a revision with its hash.
const HASH: &str = "controller.kubernetes.io/hash";

/// Keys are stateful sets.
pub(crate) struct StatefulSets(pub(crate) Context);

impl Controller for StatefulSets {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&STATEFUL_SETS) {
            return if change.gone { vec![] } else { vec![change.key()] };
        }
        if !change.is(&PODS) {
            return vec![];
        }
        let mut keys = change.controllers("StatefulSet");
        if !change.gone && change.object.controller().is_none() {
            let sets = self
                .0
                .cache
                .in_namespace(&STATEFUL_SETS, change.object.namespace().unwrap_or_default());
            let adopters = sets
                .iter()
                .filter(|set| selector::matches(set.at("/spec/selector"), change.object.labels()));
            keys.extend(adopters.map(|set| Key::of(set)));
        }
        keys
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(set) = self.0.cache.get(&STATEFUL_SETS, key) else {
                return Ok(None);
            };
            if set.deletion_timestamp().is_some() {
                return Ok(None);
            }
            let claimed = claim(&self.0, &PODS, &set).await?;
            let members: Members = claimed
                .into_iter()
                .filter_map(|pod| Some((pod::ordinal(&set, &pod)?, pod)))
                .collect();
            let revisions = revisions::sync(&self.0, &set, HASH).await?;
            let current = self.current(&set, &revisions);
            let round = Round {
                context: &self.0,
                set: &set,
                members,
                revisions: &revisions,
                current,
                now: self.0.clock.now(),
            };
            let outcome = round.run().await;
            let again = status::report(&round).await?;
            let in_use: Vec<&str> = round.members.values().filter_map(|pod| pod.label(pod::REVISION)).collect();
            revisions.clean_up(&self.0, &set, &in_use).await?;
            outcome.map(|()| again)
        })
    }
}

/// Pods by ordinal.
type Members = BTreeMap<i64, Arc<Object>>;

/// One look at a set.
struct Round<'a> {
    context: &'a Context,
    set: &'a Object,
    members: Members,
    revisions: &'a Revisions,
    /// The revision before the one that is being rolled out.
    current: Arc<Object>,
    now: Timestamp,
}

impl StatefulSets {
    fn current(&self, set: &Object, revisions: &Revisions) -> Arc<Object> {
        let name = set.str_at("/status/currentRevision");
        let known = revisions.all.iter().find(|revision| revision.name() == name);
        known.unwrap_or(&revisions.update).clone()
    }
}

impl Round<'_> {
    fn ordinals(&self) -> std::ops::Range<i64> {
        let first = self.set.int_at("/spec/ordinals/start");
        first..first + self.set.number_at("/spec/replicas").unwrap_or(1)
    }

    /// Whether a pod runs, is ready for long enough, and is not on its way out.
    fn is_healthy(&self, pod: &Object) -> bool {
        pods::is_active(pod) && pods::available_in(pod, min_ready(self.set), self.now).is_some_and(|wait| wait.is_zero())
    }

    /// Pods below this ordinal keep their revision.
    fn partition(&self) -> i64 {
        self.set.int_at("/spec/updateStrategy/rollingUpdate/partition")
    }

    /// One step: all at once where the policy is `Parallel`, else up to the first pod that has to
    /// be waited for.
    async fn run(&self) -> Result<(), Status> {
        let parallel = self.set.str_at("/spec/podManagementPolicy") == "Parallel";
        for ordinal in self.ordinals() {
            let waits = match self.members.get(&ordinal) {
                None => {
                    self.create(ordinal).await?;
                    true
                }
                Some(pod) if pods::is_ended(pod) && pod.deletion_timestamp().is_none() => {
                    self.delete(pod).await?;
                    true
                }
                Some(pod) => !self.is_healthy(pod),
            };
            if waits && !parallel {
                return Ok(());
            }
        }
        let surplus = self.members.iter().rev().filter(|(ordinal, _)| !self.ordinals().contains(ordinal));
        for (_, pod) in surplus {
            if pod.deletion_timestamp().is_none() {
                self.delete(pod).await?;
            }
            if !parallel {
                return Ok(());
            }
        }
        self.update().await
    }

    /// Replaces the last pod that has an old revision, once all after it are healthy.
    async fn update(&self) -> Result<(), Status> {
        if self.set.str_at("/spec/updateStrategy/type") == "OnDelete" {
            return Ok(());
        }
        for (_, pod) in self
            .members
            .iter()
            .rev()
            .filter(|(ordinal, _)| self.ordinals().contains(ordinal) && **ordinal >= self.partition())
        {
            if pod.label(pod::REVISION) != Some(self.revisions.update.name()) && pod.deletion_timestamp().is_none() {
                return self.delete(pod).await;
            }
            if !self.is_healthy(pod) {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn create(&self, ordinal: i64) -> Result<(), Status> {
        let Context { client, events, cache, .. } = self.context;
        let rolling = self.set.str_at("/spec/updateStrategy/type") != "OnDelete";
        let fresh = !rolling || ordinal >= self.partition() || self.current.name() == self.revisions.update.name();
        let revision = if fresh { &self.revisions.update } else { &self.current };
        let namespace = self.set.namespace();
        for claim in pod::claims(self.set, ordinal) {
            let key = Key::new(namespace.unwrap_or_default(), claim.str_at("/metadata/name"));
            if cache.get(&VOLUME_CLAIMS, &key).is_none() {
                client.create(&VOLUME_CLAIMS, namespace, claim).await?;
                let message = format!(
                    "create Claim {} Pod {}-{ordinal} in StatefulSet {} success",
                    key.name,
                    self.set.name(),
                    self.set.name()
                );
                events.normal(self.set, "SuccessfulCreate", &message).await;
            }
        }
        let about = format!("create Pod {0}-{ordinal} in StatefulSet {0}", self.set.name());
        match client.create(&PODS, namespace, pod::of(self.set, revision, ordinal)).await {
            Ok(_) => events.normal(self.set, "SuccessfulCreate", &format!("{about} successful")).await,
            Err(error) => {
                events
                    .warning(self.set, "FailedCreate", &format!("{about} failed error: {error}"))
                    .await;
                return Err(error);
            }
        }
        Ok(())
    }

    async fn delete(&self, pod: &Object) -> Result<(), Status> {
        let Context { client, events, .. } = self.context;
        match client
            .delete(&PODS, pod.namespace(), pod.name(), &DeleteOptions::of_uid(pod.uid()))
            .await
        {
            Err(error) if !error.is_not_found() => Err(error),
            _ => {
                let message = format!("delete Pod {} in StatefulSet {} successful", pod.name(), self.set.name());
                events.normal(self.set, "SuccessfulDelete", &message).await;
                Ok(())
            }
        }
    }

    /// When the next ready pod becomes available.
    fn next_available(&self) -> Option<Duration> {
        let waits = self
            .members
            .values()
            .filter_map(|pod| pods::available_in(pod, min_ready(self.set), self.now));
        waits.filter(|wait| !wait.is_zero()).min()
    }
}
