//! The lock that replicas compete for: a Lease that its holder renews.

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{Api, PostParams};
use simnet::Clock;
use tokio::time::Instant;
use virtual_node::Lean;

use crate::config::LeaderElection;

/// One replica's claim to the lock.
pub(crate) struct Leader {
    api: Api<Lean<Lease>>,
    config: LeaderElection,
    identity: String,
    clock: Clock,
    /// The holder's record as last seen, and since when it has not changed.
    seen: Option<(LeaseSpec, Instant)>,
    /// The Lease as this replica wrote it last, while nobody else has written it.
    held: Option<Lease>,
}

impl Leader {
    pub(crate) fn new(client: kube::Client, config: LeaderElection, identity: String, clock: Clock) -> Self {
        Self {
            api: Api::namespaced(client, &config.namespace),
            config,
            identity,
            clock,
            seen: None,
            held: None,
        }
    }

    /// Waits until this replica leads.
    pub(crate) async fn acquire(&mut self) {
        while !self.try_acquire().await.unwrap_or(false) {
            tokio::time::sleep(self.config.retry_period).await;
        }
    }

    /// Renews the lock until that has not worked for too long.
    pub(crate) async fn hold(&mut self) {
        let mut renewed = Instant::now();
        while renewed.elapsed() < self.config.renew_deadline {
            tokio::time::sleep(self.config.retry_period).await;
            if self.try_acquire().await.unwrap_or(false) {
                renewed = Instant::now();
            }
        }
    }

    /// Takes or renews the lock; false if another replica holds it.
    async fn try_acquire(&mut self) -> Result<bool, kube::Error> {
        // As client-go: the holder writes on what it wrote last, and reads only when that has changed.
        if let Some(lease) = self.held.take()
            && self.write(lease).await.is_ok()
        {
            return Ok(true);
        }
        let Some(lease) = self.api.get_opt(&self.config.name).await? else {
            let lease = Lean(Lease {
                metadata: ObjectMeta {
                    name: Some(self.config.name.clone()),
                    ..ObjectMeta::default()
                },
                spec: Some(self.record(None)),
            });
            self.held = Some(self.api.create(&PostParams::default(), &lease).await?.0);
            return Ok(true);
        };
        let old = lease.spec.clone().unwrap_or_default();
        let mine = old.holder_identity.as_ref() == Some(&self.identity);
        if !mine && !self.expired(&old) {
            return Ok(false);
        }
        self.write(lease.0).await?;
        Ok(true)
    }

    /// Writes this replica's record into the Lease as it was read.
    async fn write(&mut self, mut lease: Lease) -> Result<(), kube::Error> {
        lease.spec = Some(self.record(lease.spec.take()));
        self.held = Some(self.api.replace(&self.config.name, &PostParams::default(), &Lean(lease)).await?.0);
        Ok(())
    }

    /// Whether the holder has not renewed for a whole lease, by this replica's own clock.
    fn expired(&mut self, record: &LeaseSpec) -> bool {
        if record.holder_identity.as_deref().unwrap_or_default().is_empty() {
            return true;
        }
        match &self.seen {
            Some((seen, since)) if seen == record => since.elapsed() > self.config.lease_duration,
            _ => {
                self.seen = Some((record.clone(), Instant::now()));
                false
            }
        }
    }

    fn record(&self, old: Option<LeaseSpec>) -> LeaseSpec {
        let now = MicroTime(self.clock.now());
        let mine = old.as_ref().filter(|old| old.holder_identity.as_ref() == Some(&self.identity));
        let transitions = old.as_ref().and_then(|old| old.lease_transitions).unwrap_or(0);
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(self.config.lease_duration.as_secs()).ok(),
            acquire_time: mine.and_then(|old| old.acquire_time.clone()).or(Some(now.clone())),
            renew_time: Some(now),
            lease_transitions: Some(if mine.is_some() || old.is_none() {
                transitions
            } else {
                transitions + 1
            }),
            ..LeaseSpec::default()
        }
    }
}
