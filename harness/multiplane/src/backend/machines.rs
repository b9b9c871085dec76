//! The nodes of a cluster, which can be lost and come back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use simnet::{Clock, Network};
use virtual_node::{CrashPoints, PersistentVolumes, Programs, VirtualNode};

use super::dns_name;
use super::surroundings::{Clients, Fault};

/// What a node is made of, besides its number.
pub(crate) struct Make {
    /// The cluster's id, which is its zone, too.
    pub(crate) zone: String,
    pub(crate) network: Network,
    /// Of the cluster's machines.
    pub(crate) clock: Clock,
    pub(crate) programs: Programs,
    /// Authorities that pods trust, PEM.
    pub(crate) trust: String,
    pub(crate) host_paths: BTreeMap<String, PathBuf>,
    pub(crate) seed: u64,
}

/// All nodes of a cluster.
pub(crate) struct Machines {
    make: Make,
    crash_points: CrashPoints,
    /// What claims have, on whichever node.
    volumes: PersistentVolumes,
    /// Those that run, by name.
    running: Mutex<BTreeMap<String, VirtualNode>>,
    /// Numbers by name.
    numbers: BTreeMap<String, u8>,
}

impl Machines {
    /// Starts nodes with the numbers 1 to `count`.
    pub(crate) async fn start(clients: &dyn Clients, make: Make, count: usize) -> Result<Self, Fault> {
        let mut machines = Self {
            make,
            crash_points: CrashPoints::default(),
            volumes: PersistentVolumes::default(),
            running: Mutex::default(),
            numbers: BTreeMap::new(),
        };
        for number in 1..=count {
            let name = format!("{}-node-{number}", dns_name(&machines.make.zone));
            let index = u8::try_from(number).map_err(|_| "a cluster has at most 255 nodes")?;
            machines.numbers.insert(name.clone(), index);
            machines.boot(clients, &name).await?;
        }
        Ok(machines)
    }

    /// Whether there is a node of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.numbers.contains_key(name)
    }

    /// Starts a node, or starts it again: it acts as the kubelet it stands for.
    pub(crate) async fn boot(&self, clients: &dyn Clients, name: &str) -> Result<(), Fault> {
        let index = self.numbers.get(name).copied().unwrap_or_default();
        let client = clients.user(&format!("system:node:{name}"), Some("system:nodes"))?;
        let mut node = VirtualNode::builder(client)
            .name(name)
            .index(index)
            .network(self.make.network.clone(), &self.make.zone)
            .programs(self.make.programs.clone())
            .clock(self.make.clock.clone())
            .trust(self.make.trust.as_str())
            .crash_points(&self.crash_points)
            .persistent_volumes(self.volumes.clone())
            .seed(self.make.seed.wrapping_add(u64::from(index)));
        for (path, folder) in &self.make.host_paths {
            node = node.host_path(path, folder);
        }
        let node = node.start().await?;
        self.running().insert(name.to_owned(), node);
        Ok(())
    }

    /// Ends a node at once, with all that runs on it, as a machine ends that loses power. False if it does not run.
    pub(crate) fn lose(&self, name: &str) -> bool {
        self.running().remove(name).is_some()
    }

    pub(crate) fn crash_points(&self) -> &CrashPoints {
        &self.crash_points
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<String, VirtualNode>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
