//! What all pods of a node share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::api::core::v1::Service;
use kube::Client;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use simnet::{Clock, Network};

use super::addresses::Addresses;
use super::events::Recorder;
use super::logs::Logs;
use super::running::Running;
use crate::api::{Mirror, References};
use crate::pod::PersistentVolumes;
use crate::program::{CrashPoints, Programs};

/// What all pods of a node share.
pub(crate) struct NodeContext {
    pub(crate) name: String,
    pub(crate) zone: String,
    pub(crate) address: String,
    /// Allocatable resources, as quantities by name.
    pub(crate) capacity: BTreeMap<String, String>,
    pub(crate) client: Client,
    pub(crate) network: Network,
    pub(crate) clock: Clock,
    pub(crate) programs: Programs,
    pub(crate) trust: Arc<str>,
    pub(crate) addresses: Addresses,
    pub(crate) events: Recorder,
    pub(crate) references: References,
    pub(crate) services: Mirror<Service>,
    pub(crate) logs: Logs,
    pub(crate) running: Running,
    pub(crate) ids: Ids,
    /// Folders of the node's machine.
    pub(crate) host_paths: BTreeMap<String, PathBuf>,
    /// Volumes that the cluster's nodes share.
    pub(crate) persistent_volumes: PersistentVolumes,
    pub(crate) crash_points: CrashPoints,
}

/// Random identifiers, the same for the same seed.
pub(crate) struct Ids(Mutex<ChaCha8Rng>);

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }

    /// An identifier of `N` bytes as hex digits.
    pub(crate) fn hex<const N: usize>(&self) -> String {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
