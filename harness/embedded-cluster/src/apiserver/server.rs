//! One cluster's API server: its state and what decides about requests.

use std::sync::{Arc, Mutex, PoisonError};

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use simnet::Clock;

use super::Disturbances;
use super::addresses::Addresses;
use crate::admission::{Configuration, Usage};
use crate::auth::{Authorizer, Tokens};
use crate::kinds::Kinds;
use crate::schema::apply::Shared;
use crate::store::Store;

/// One cluster's API server.
pub(crate) struct ApiServer {
    pub(crate) store: Arc<Store>,
    pub(crate) kinds: Kinds,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    pub(crate) authorizer: Authorizer,
    pub(crate) addresses: Addresses,
    /// Where the control plane reaches nodes from; none: nowhere.
    pub(crate) host: Option<simnet::Host>,
    /// Webhooks and policies that users of the cluster configured.
    pub(crate) admission: Configuration,
    /// What is used of quotas.
    pub(crate) usage: Arc<tokio::sync::Mutex<Usage>>,
    /// Managed fields that are alike.
    pub(crate) managed_fields: Shared,
    /// Requests that are treated badly on purpose.
    pub(crate) disturbances: Disturbances,
    rng: Mutex<ChaCha8Rng>,
}

/// Letters of generated names; no vowels, so that no words come out.
const NAME_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl ApiServer {
    /// An empty server.
    pub(crate) fn new(clock: Clock, seed: u64, tokens: Tokens, host: Option<simnet::Host>) -> Self {
        let store: Arc<Store> = Arc::default();
        Self {
            admission: Configuration::new(&store),
            usage: Arc::default(),
            store,
            kinds: Kinds::default(),
            clock,
            tokens,
            authorizer: Authorizer::default(),
            addresses: Addresses::default(),
            host,
            managed_fields: Shared::default(),
            disturbances: Disturbances::default(),
            rng: Mutex::new(ChaCha8Rng::seed_from_u64(seed)),
        }
    }

    /// The machine that this process runs on, which is out of reach in virtual time.
    pub(crate) fn machine(&self) -> Option<simnet::Host> {
        let machine = || simnet::Network::machine(self.clock.clone()).host("control-plane", "127.0.0.1");
        (!self.clock.is_simulated()).then(machine)
    }

    /// The present time as in `creationTimestamp`: RFC 3339, whole seconds.
    pub(crate) fn timestamp(&self) -> String {
        seconds(self.clock.now())
    }

    /// A new uid (version 4), from the cluster's seed.
    pub(crate) fn uid(&self) -> String {
        let bytes: [u8; 16] = self.rng.lock().unwrap_or_else(PoisonError::into_inner).random();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// Five random letters for `generateName`.
    pub(crate) fn suffix(&self) -> String {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        (0..5)
            .map(|_| char::from(NAME_LETTERS[rng.random_range(0..NAME_LETTERS.len())]))
            .collect()
    }
}

/// RFC 3339 in whole seconds.
pub(crate) fn seconds(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl std::fmt::Debug for ApiServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiServer")
            .field("revision", &self.store.revision())
            .finish_non_exhaustive()
    }
}
