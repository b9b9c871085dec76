//! Starting a virtual node.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use kube::{Api, Client};
use simnet::{Clock, Network};
use tokio::task::JoinSet;

use super::addresses::Addresses;
use super::context::{Ids, NodeContext};
use super::events::Recorder;
use super::logs::Logs;
use super::registration::Registration;
use super::running::Running;
use super::{heartbeat, kubelet, pods};
use crate::Error;
use crate::api::{Mirror, References};
use crate::pod::PersistentVolumes;
use crate::program::{CrashPoints, Programs};

/// A kubelet's port.
const PORT: u16 = 10250;

/// A running node. Dropped, it is gone at once, with everything that ran on it: its Node object stays, as that of a machine
/// that lost power does.
pub struct VirtualNode {
    name: String,
    address: String,
    _tasks: JoinSet<()>,
}

impl VirtualNode {
    /// A node that speaks to the API server as `client` does.
    ///
    /// It needs what the ClusterRole `system:node` grants.
    pub fn builder(client: Client) -> Builder {
        Builder {
            client,
            name: "node-1".to_owned(),
            index: 0,
            network: None,
            programs: Programs::new(),
            clock: None,
            seed: 0,
            trust: Arc::from(""),
            capacity: default_capacity(),
            labels: BTreeMap::new(),
            host_paths: BTreeMap::new(),
            persistent_volumes: PersistentVolumes::default(),
            crash_points: CrashPoints::default(),
        }
    }

    /// The Node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The node's address in its zone.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

fn default_capacity() -> BTreeMap<String, String> {
    [("cpu", "32"), ("memory", "64Gi"), ("ephemeral-storage", "100Gi"), ("pods", "110")]
        .map(|(name, amount)| (name.to_owned(), amount.to_owned()))
        .into()
}

/// How a node is to be.
#[must_use]
pub struct Builder {
    client: Client,
    name: String,
    index: u8,
    network: Option<(Network, String)>,
    programs: Programs,
    clock: Option<Clock>,
    seed: u64,
    trust: Arc<str>,
    capacity: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    host_paths: BTreeMap<String, PathBuf>,
    persistent_volumes: PersistentVolumes,
    crash_points: CrashPoints,
}

impl Builder {
    /// The Node's name; `node-1` otherwise.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Which node of its zone this is, from 0. It decides the addresses: the node's is 172.18.`index`.2, its pods' are in
    /// 10.244.`index`.0/24.
    pub fn index(mut self, index: u8) -> Self {
        self.index = index;
        self
    }

    /// The network, and the zone in it that the node and its pods stand in. Otherwise a network of the node's own.
    pub fn network(mut self, network: Network, zone: impl Into<String>) -> Self {
        self.network = Some((network, zone.into()));
        self
    }

    /// The programs that stand for images; others follow life-cycle scripts.
    pub fn programs(mut self, programs: Programs) -> Self {
        self.programs = programs;
        self
    }

    /// The world's clock; otherwise the network's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The seed of all identifiers.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Certificates that the images' systems trust, as PEM; none otherwise.
    pub fn trust(mut self, pem: impl Into<Arc<str>>) -> Self {
        self.trust = pem.into();
        self
    }

    /// The node's capacity as quantities by resource name; otherwise 32 cpu, 64Gi memory, 110 pods.
    pub fn capacity(mut self, capacity: BTreeMap<String, String>) -> Self {
        self.capacity = capacity;
        self
    }

    /// A label of the Node, beside the well-known ones.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// A folder of the node's machine, which volumes of kind `hostPath` may mount, as a folder of this computer. Without one such volumes
    /// are refused; a paused clock does not wait for disks, so this is for real time.
    pub fn host_path(mut self, path: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        self.host_paths.insert(path.into(), folder.into());
        self
    }

    /// The cluster's persistent volumes, which all of its nodes share; otherwise the node has its own.
    pub fn persistent_volumes(mut self, volumes: PersistentVolumes) -> Self {
        self.persistent_volumes = volumes;
        self
    }

    /// Who may ask that programs are killed at a point; nobody otherwise.
    pub fn crash_points(mut self, points: &CrashPoints) -> Self {
        self.crash_points = points.clone();
        self
    }

    /// Registers the node and starts to serve it.
    ///
    /// # Errors
    /// If the API server refuses the Node, or the kubelet's port is taken.
    pub async fn start(self) -> Result<VirtualNode, Error> {
        let (network, zone) = self.network.unwrap_or_else(|| {
            let clock = self.clock.clone().unwrap_or_else(Clock::real);
            (Network::simulated(clock), self.name.clone())
        });
        let clock = self.clock.unwrap_or_else(|| network.clock().clone());
        let ids = Ids::new(self.seed);
        let addresses = Addresses::new(self.index);
        let registration = Arc::new(Registration {
            name: self.name.clone(),
            zone: zone.clone(),
            address: format!("172.18.{}.2", self.index),
            pod_cidr: addresses.cidr(),
            port: PORT,
            capacity: self.capacity.clone(),
            labels: self.labels,
            machine_id: ids.hex::<16>(),
        });
        let address = registration.address.clone();
        let listener = network.host(&zone, &address).listen(PORT).await.map_err(|source| Error::Listen {
            address: address.clone(),
            port: PORT,
            source,
        })?;
        let node = registration.register(&self.client, clock.now()).await?;
        let context = Arc::new(NodeContext {
            events: Recorder::start(self.client.clone(), &self.name, clock.clone()),
            references: References::new(self.client.clone()),
            services: Mirror::start(Api::all(self.client.clone())),
            name: self.name.clone(),
            zone,
            address: address.clone(),
            capacity: self.capacity,
            client: self.client.clone(),
            network,
            clock: clock.clone(),
            programs: self.programs,
            trust: self.trust,
            addresses,
            logs: Logs::default(),
            running: Running::default(),
            ids,
            host_paths: self.host_paths,
            persistent_volumes: self.persistent_volumes,
            crash_points: self.crash_points,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(heartbeat::beat(self.client, registration, node, clock));
        tasks.spawn(kubelet::serve(context.clone(), listener));
        tasks.spawn(pods::serve(context));
        Ok(VirtualNode {
            name: self.name,
            address,
            _tasks: tasks,
        })
    }
}
