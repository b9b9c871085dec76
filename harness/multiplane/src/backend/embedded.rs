//! The default: Kubernetes in this process.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws::Account;
use embedded_cluster::{ClusterError, Disturbance, Disturbed, Disturbing};
use flyte::stores::Stores;
use futures::FutureExt;
use futures::future::BoxFuture;
use kube::Client;
use kube::config::Kubeconfig;
use simnet::tls::Authority;
use simnet::{Clock, Host, Network};
use virtual_node::{CrashPoints, Programs};

use super::member::{self, Fault, HTTPS, Member};
use super::pod_identity::PodIdentity;
use super::{
    BackendError, Capabilities, Cluster, ClusterSpec, End, Ended, LosableNodes, Placer, RotatableAuthority, Vantage, World, names,
};
use crate::local::Locals;
use crate::programs;

/// Which time a world runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Time runs by itself; no sockets, nothing outside takes part.
    Virtual,
    /// The machine's time; every listener is a loopback socket that programs outside can use.
    Real,
}

/// A world of embedded clusters on one network.
pub struct Embedded {
    clock: Clock,
    network: Network,
    authority: Authority,
    programs: Programs,
    seed: u64,
    time: Time,
    locals: Locals,
    account: Account,
}

impl Embedded {
    /// The Kubernetes version that embedded clusters serve.
    pub const KUBERNETES: &str = super::member::KUBERNETES;

    /// A world whose pods run Flyte's reference planes on these stores. With [`Time::Virtual`] the runtime's clock must be paused.
    ///
    /// # Errors
    /// If no certificate authority can be made.
    pub fn new(time: Time, seed: u64, stores: &Stores) -> Result<Self, BackendError> {
        let clock = match time {
            Time::Virtual => Clock::simulated(),
            Time::Real => Clock::real(),
        };
        let network = match time {
            Time::Virtual => Network::simulated(clock.clone()),
            Time::Real => Network::loopback(clock.clone()),
        };
        let authority = Authority::new("multiplane", &clock).map_err(|error| BackendError::World(error.to_string()))?;
        Ok(Self {
            clock,
            network,
            authority,
            programs: programs::over(stores.clone()),
            seed,
            time,
            locals: Locals::default(),
            account: stores.account(),
        })
    }

    /// A world in real time, in which programs of the user's own take the place of those that they stand for.
    ///
    /// # Errors
    /// If no certificate authority can be made.
    pub fn with_locals(seed: u64, stores: &Stores, locals: &Locals) -> Result<Self, BackendError> {
        Ok(Self {
            locals: locals.clone(),
            programs: locals.over(programs::over(stores.clone()), stores),
            ..Self::new(Time::Real, seed, stores)?
        })
    }

    async fn start(&self, spec: &ClusterSpec) -> Result<EmbeddedMember, Fault> {
        let ingress_names: Vec<String> = [names::ingress(&spec.id)].into_iter().chain(spec.ingress_names.clone()).collect();
        let certificate = self.authority.issue_server(&ingress_names)?;
        let none = BTreeMap::new();
        let member = Member::start(member::Settings {
            id: &spec.id,
            nodes: spec.nodes,
            seed: self.seed,
            network: &self.network,
            programs: &self.programs,
            certificate: Some(&certificate),
            trust: self.authority.pem(),
            server_names: &spec.api_names,
            issuer: spec.issuer.as_deref(),
            ingress_names: &spec.ingress_names,
            host_paths: &none,
        });
        let member = member.await?;
        let pod_identity = match &spec.issuer {
            Some(issuer) => {
                let client = member.cluster().client();
                Some(PodIdentity::start(&self.network, &spec.id, issuer, &self.authority, client).await?)
            }
            None => None,
        };
        let api_url = format!("https://{}:{HTTPS}", names::api(&spec.id));
        let host_url = member
            .socket()
            .map_or_else(|| api_url.clone(), |socket| format!("https://{socket}"));
        Ok(EmbeddedMember {
            id: spec.id.clone(),
            api_url,
            host_url,
            ca: member.cluster().ca_pem(),
            member,
            _pod_identity: pod_identity,
        })
    }
}

impl World for Embedded {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            backend: "embedded",
            virtual_time: self.time == Time::Virtual,
            placed_by: if self.locals.place() { Placer::Upstream } else { Placer::Reference },
        }
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn operator(&self) -> Host {
        self.network.host("operator", "operator")
    }

    fn links(&self) -> Option<&Network> {
        Some(&self.network)
    }

    fn trust(&self) -> &str {
        self.authority.pem()
    }

    fn account(&self) -> Option<&Account> {
        Some(&self.account)
    }

    fn end(&self, _: End) -> BoxFuture<'_, Ended> {
        async move {
            self.locals.end().await;
            Ended::default()
        }
        .boxed()
    }

    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        async move {
            member::check(spec)?;
            let started = self.start(spec).await;
            let failed = |error: Fault| BackendError::Start {
                cluster: spec.id.clone(),
                message: error.to_string(),
            };
            Ok(Arc::new(started.map_err(failed)?) as Arc<dyn Cluster>)
        }
        .boxed()
    }
}

/// One embedded cluster. Everything ends with it.
struct EmbeddedMember {
    id: String,
    api_url: String,
    host_url: String,
    ca: String,
    member: Member,
    _pod_identity: Option<PodIdentity>,
}

impl Cluster for EmbeddedMember {
    fn id(&self) -> &str {
        &self.id
    }

    fn client(&self) -> Client {
        self.member.cluster().client()
    }

    fn api(&self, from: Vantage) -> String {
        match from {
            Vantage::Pods => self.api_url.clone(),
            Vantage::Host => self.host_url.clone(),
        }
    }

    fn ingress(&self, _from: Vantage) -> String {
        format!("{}:{HTTPS}", names::ingress(&self.id))
    }

    fn service(&self, namespace: &str, name: &str, port: u16, _from: Vantage) -> String {
        names::service(&self.id, namespace, name, port)
    }

    fn kubeconfig(&self) -> Result<Kubeconfig, BackendError> {
        let failed = |error: ClusterError| BackendError::Credentials {
            cluster: self.id.clone(),
            message: error.to_string(),
        };
        self.member.cluster().kubeconfig(&self.host_url).map_err(failed)
    }

    fn ca(&self) -> &str {
        &self.ca
    }

    fn disturb(&self, which: Disturbed, how: Disturbance) -> Option<Disturbing> {
        Some(self.member.cluster().disturb(which, how))
    }

    fn authority(&self) -> Option<&dyn RotatableAuthority> {
        Some(self)
    }

    fn clock(&self) -> Option<&Clock> {
        Some(self.member.clock())
    }

    fn machines(&self) -> Option<&dyn LosableNodes> {
        Some(self)
    }

    fn crash_points(&self) -> Option<&CrashPoints> {
        Some(self.member.crash_points())
    }
}

impl RotatableAuthority for EmbeddedMember {
    fn pem(&self) -> String {
        self.member.cluster().ca_pem()
    }

    fn rotate(&self) -> Result<(), String> {
        self.member.cluster().rotate_ca().map_err(|error| error.to_string())
    }

    fn restore(&self) -> Result<(), String> {
        self.member.cluster().restore_ca().map_err(|error| error.to_string())
    }
}

impl LosableNodes for EmbeddedMember {
    fn lose(&self, name: &str) -> bool {
        self.member.machines().lose(name)
    }

    fn boot<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), String>> {
        async move {
            if !self.member.machines().has(name) {
                return Err(format!("there is no node {name}"));
            }
            let booted = self.member.machines().boot(self.member.cluster(), name).await;
            booted.map_err(|error| error.to_string())
        }
        .boxed()
    }
}
