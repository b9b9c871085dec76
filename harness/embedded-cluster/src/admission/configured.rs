//! What users of the cluster configured, ready to use.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::object::Object;
use crate::store::{Key, Store};

use super::policies::Policy;
use super::webhooks::Webhook;

const COLLECTIONS: [&str; 6] = [
    "mutatingwebhookconfigurations",
    "validatingwebhookconfigurations",
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
];

/// The cluster's configuration of admission, read again when the store says that it changed.
///
/// Every write asks for it. As long as nothing changes that costs a lock and a look at a few counters.
#[derive(Debug)]
pub(crate) struct Configuration {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    signals: Vec<watch::Receiver<u64>>,
    configured: Arc<Configured>,
}

/// Everything that is configured, as of one moment.
#[derive(Debug, Default)]
pub(super) struct Configured {
    pub(super) mutating: Vec<Arc<Webhook>>,
    pub(super) validating: Vec<Arc<Webhook>>,
    pub(super) mutating_policies: Vec<Policy>,
    pub(super) validating_policies: Vec<Policy>,
}

impl Configuration {
    /// The configuration in a store, which holds none yet.
    pub(crate) fn new(store: &Store) -> Self {
        let signals = COLLECTIONS.iter().map(|plural| store.signal(&key(plural))).collect();
        Self {
            state: Mutex::new(State {
                signals,
                configured: Arc::default(),
            }),
        }
    }

    /// What is configured now.
    pub(super) fn configured(&self, store: &Store) -> Arc<Configured> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = |signal: &mut watch::Receiver<u64>| signal.has_changed().unwrap_or(false);
        if state.signals.iter_mut().any(changed) {
            for signal in &mut state.signals {
                signal.mark_unchanged();
            }
            state.configured = Arc::new(Configured::read(store, &state.configured));
        }
        state.configured.clone()
    }
}

impl Configured {
    pub(super) fn mutates(&self) -> bool {
        !self.mutating.is_empty() || !self.mutating_policies.is_empty()
    }

    pub(super) fn validates(&self) -> bool {
        !self.validating.is_empty() || !self.validating_policies.is_empty()
    }

    /// Reads the store; what did not change keeps its connections.
    fn read(store: &Store, before: &Self) -> Self {
        let hooks = |plural: &str, before: &[Arc<Webhook>]| {
            let read = |configuration: &Arc<Object>| Webhook::all(configuration, before);
            store.snapshot(&key(plural), None).items.iter().flat_map(read).collect()
        };
        let policies = |plural: &str, bindings: &str| {
            let bindings = store.snapshot(&key(bindings), None).items;
            let policies = store.snapshot(&key(plural), None).items;
            policies.iter().map(|policy| Policy::read(policy, &bindings)).collect()
        };
        Self {
            mutating_policies: policies(COLLECTIONS[2], COLLECTIONS[3]),
            validating_policies: policies(COLLECTIONS[4], COLLECTIONS[5]),
            mutating: hooks(COLLECTIONS[0], &before.mutating),
            validating: hooks(COLLECTIONS[1], &before.validating),
        }
    }
}

fn key(plural: &str) -> Key {
    format!("{plural}.admissionregistration.k8s.io").into()
}
