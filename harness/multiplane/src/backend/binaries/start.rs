//! Making one cluster: its control plane, the ways into and out of it, and what stands round it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ::binaries::{ControlPlane, Credentials, Settings, StartError};
use embedded_cluster::{Components, Keys};
use kube::Client;
use simnet::tls::server_config;

use super::BinariesError;
use super::cluster::BinariesCluster;
use super::egress::Egress;
use super::gate::Gate;
use super::world::Ground;
use crate::backend::ledger::create_private;
use crate::backend::outside::OutsideError;
use crate::backend::surroundings::{self, API, Clients, Fault, HTTPS, Surroundings};
use crate::backend::{ClusterSpec, dns_name, names};

/// The socket of an API server's way into the world, in the cluster's folder.
const EGRESS: &str = "egress.sock";
/// User of the administrator's certificate.
const ADMIN: &str = "kubernetes-admin";
const MASTERS: &str = "system:masters";

/// The control plane of a cluster, which its world ends.
pub(super) struct Plane {
    pub(super) id: String,
    running: Mutex<Option<ControlPlane>>,
}

impl Plane {
    /// Ends the programs, and tells where they wrote.
    pub(super) fn end(&self) -> Vec<PathBuf> {
        let ended = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        ended.map_or_else(Vec::new, |plane| plane.logs().map(ToOwned::to_owned).collect())
    }

    fn client(&self, credentials: &Credentials) -> Result<Client, Fault> {
        match &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(plane) => Ok(plane.client(credentials)?),
            None => Err("the control plane has ended".into()),
        }
    }
}

impl Clients for Plane {
    fn admin(&self) -> Result<Client, Fault> {
        self.client(&Credentials::Admin)
    }

    fn user(&self, name: &str, group: Option<&str>) -> Result<Client, Fault> {
        let (name, group) = (name.to_owned(), group.map(str::to_owned));
        self.client(&Credentials::User { name, group })
    }
}

/// Starts a cluster: ready when its API server answers and its nodes are registered.
pub(super) async fn start(ground: &Ground, spec: &ClusterSpec) -> Result<BinariesCluster, BinariesError> {
    let around = |error: Fault| BinariesError::Around(error);
    let id = spec.id.as_str();
    let folder = ground.belongings.folder().join(id);
    create_private(&folder).map_err(|error| {
        BinariesError::Outside(OutsideError::File {
            file: folder.clone(),
            error,
        })
    })?;
    let api = ground.network.host(id, API);
    let socket = folder.join(EGRESS);
    // Of no authority that anybody knows: an API server that is given none does not look.
    let kubelets = ground.authority.issue_server(&["kubelet"]).map_err(StartError::from)?;
    let kubelets = server_config(&kubelets, None, &["http/1.1"], &ground.clock).map_err(StartError::from)?;
    let egress = Egress::open(&socket, api.clone(), kubelets).map_err(|error| StartError::Io {
        what: socket.display().to_string(),
        error,
    })?;
    let plane = {
        let _permit = ground.belongings.session().permits().acquire().await;
        let ledger = ground.belongings.session().ledger().clone();
        let settings = Settings {
            folder: &folder,
            names: &[names::api(id)],
            egress: Some(&socket),
            // What cannot be written down still ends with this process.
            told: &move |group| drop(ledger.process(group)),
        };
        ControlPlane::start(ground.binaries(), &settings).await?
    };
    let client = plane.client(&Credentials::Admin)?;
    let keys = (!plane.has_controllers()).then(|| Keys {
        authority: plane.authority().clone(),
        token_key_pem: plane.token_key_pem().to_owned(),
    });
    let components = Components::start(client.clone(), &ground.clock, keys).map_err(|error| around(error.into()))?;
    let (url, ca) = (plane.url().to_owned(), plane.authority().pem().to_owned());
    let gate = Gate::open(&api, HTTPS, url.trim_start_matches("https://").to_owned()).await;
    let gate = gate.map_err(|error| around(error.into()))?;
    let admin = plane.authority().issue_client(ADMIN, Some(MASTERS)).map_err(StartError::from)?;
    let kubeconfig = embedded_cluster::kubeconfig(&dns_name(id), &url, &ca, ADMIN, &admin);
    let plane = Arc::new(Plane {
        id: id.to_owned(),
        running: Mutex::new(Some(plane)),
    });
    ground.keep(&plane);

    let certificate = ground.authority.issue_server(&[names::ingress(id)]).map_err(StartError::from)?;
    let settings = surroundings::Settings {
        id,
        nodes: spec.nodes,
        seed: ground.seed,
        network: &ground.network,
        programs: &ground.programs,
        certificate: Some(&certificate),
        trust: ground.authority.pem(),
        server_names: &[],
        issuer: None,
        ingress_names: &[],
        host_paths: &BTreeMap::new(),
    };
    let surroundings = Surroundings::start(&*plane, &settings, &ground.clock).await.map_err(around)?;
    Ok(BinariesCluster {
        id: id.to_owned(),
        host_url: url,
        ca,
        client,
        kubeconfig,
        around: surroundings,
        plane,
        _components: components,
        _gate: gate,
        _egress: egress,
    })
}
