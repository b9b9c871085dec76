//! The control plane's state and what its calls share.

use std::sync::{Mutex, PoisonError};

use prost_types::Timestamp;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use simnet::Clock;
use virtual_node::{ContainerContext, CrashSite};

use super::error::AdminError;
use super::targets::{self, StartError, Targets};
use crate::config::AdminConfig;
use crate::crash::CrashPoint;
use crate::placement::Selector;
use crate::proto_time;
use crate::stores::{Database, ObjectStore, ObjectUri, Signer, Stores};

/// A control plane: configuration, clients of the member clusters, database, object store.
///
/// One replica; several share the stores.
pub(crate) struct Admin {
    pub(crate) config: AdminConfig,
    pub(crate) selector: Selector,
    /// Member clusters by name, disabled ones included; in single-cluster mode one without a name.
    pub(crate) targets: Targets,
    pub(crate) database: Database,
    pub(crate) objects: ObjectStore,
    pub(crate) clock: Clock,
    /// Who signs URLs into the object store; nobody if its address is no URL.
    signer: Option<Signer>,
    crash: CrashSite,
    names: Mutex<ChaCha8Rng>,
}

impl Admin {
    /// Starts a replica: clients are built, nothing is connected yet.
    ///
    /// # Errors
    /// What makes flyteadmin panic at start.
    pub(crate) fn start(context: &ContainerContext, config: AdminConfig, stores: &Stores) -> Result<Self, StartError> {
        let (selector, targets) = targets::start(context, &config, config.switches.reread_tokens)?;
        let store = config.storage.store_id(context.host.zone());
        Ok(Self {
            database: stores.database(&config.database)?,
            objects: stores.object_store_for(&store, context),
            signer: match stores.published() {
                Some(published) => published.signer(&store).ok(),
                None => config.storage.signer().ok(),
            },
            config,
            selector,
            targets,
            clock: context.clock.clone(),
            crash: context.crash.clone(),
            names: Mutex::new(ChaCha8Rng::seed_from_u64(targets::seed(context))),
        })
    }

    /// Tells that a call has come this far.
    pub(crate) async fn at(&self, point: CrashPoint) {
        self.crash.reached(point.as_str()).await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        proto_time::timestamp(self.clock.now())
    }

    /// `a` and 19 random characters.
    pub(crate) fn random_name(&self) -> String {
        format!("a{}", self.random_text(19))
    }

    /// Random characters, as Kubernetes draws them.
    pub(crate) fn random_text(&self, length: usize) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut random = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let letters = (0..length).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]));
        letters.collect()
    }

    /// Who signs URLs into the object store.
    pub(crate) fn signer(&self) -> Result<&Signer, AdminError> {
        let unsigned = || {
            AdminError::internal(format!(
                "failed to create a signed url: {:?} is no endpoint",
                self.config.storage.endpoint
            ))
        };
        self.signer.as_ref().ok_or_else(unsigned)
    }

    /// Where something of flyteadmin's own belongs in the object store.
    pub(crate) fn metadata_uri(&self, parts: &[&str]) -> ObjectUri {
        let prefix = self.config.metadata_prefix.iter().map(String::as_str);
        let key: Vec<&str> = prefix.chain(parts.iter().copied()).collect();
        self.object_uri(&key.join("/"))
    }

    /// An object in flyteadmin's bucket.
    pub(crate) fn object_uri(&self, key: &str) -> ObjectUri {
        let storage = &self.config.storage;
        ObjectUri {
            scheme: storage.scheme.clone(),
            bucket: storage.container.clone(),
            key: key.to_owned(),
        }
    }
}
