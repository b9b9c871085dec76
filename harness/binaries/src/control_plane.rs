//! A control plane that runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use kube::Client;
use simnet::http::AccessService;
use simnet::tls::{Authority, KeyPair};
use simnet::{Clock, Network};
use tokio::time::{Instant, sleep};

use crate::files::{Files, free_ports};
use crate::program::Program;
use crate::{Binaries, Credentials, StartError, arguments};

/// How long each program may take to be ready.
const READY: Duration = Duration::from_secs(120);
/// Between two looks whether it is: there is nothing to watch yet.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is begun anew where somebody else was quicker to take a port.
const TRIES: usize = 3;
/// Issuer of service accounts' tokens, as in every cluster of kubeadm.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// Names and addresses that every API server answers to.
const NAMES: [&str; 7] = [
    "127.0.0.1",
    "localhost",
    "10.96.0.1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/// How a control plane is to be.
pub struct Settings<'a> {
    /// Where its files and logs go; it must outlive the control plane.
    pub folder: &'a Path,
    /// Further names that the server's certificate is for.
    pub names: &'a [String],
    /// A socket that answers HTTP's CONNECT, through which the API server reaches nodes and Services; without one they are on this machine's
    /// network.
    pub egress: Option<&'a Path>,
    /// Told of the process group of each program as soon as it runs.
    pub told: &'a (dyn Fn(u32) + Send + Sync),
}

/// A control plane that runs; its programs end when this is dropped, and with this process.
#[derive(Debug)]
pub struct ControlPlane {
    // The latest ends first.
    controller_manager: Option<Program>,
    apiserver: Program,
    etcd: Program,
    url: String,
    authority: Arc<Authority>,
    accounts: KeyPair,
}

impl ControlPlane {
    /// Starts one. When this returns it answers requests, and Kubernetes' own controllers, where they are, have begun their work.
    ///
    /// # Errors
    /// [`StartError`] with the end of a program's log if it ended or took too long.
    pub async fn start(binaries: &Binaries, settings: &Settings<'_>) -> Result<Self, StartError> {
        let mut tries = 1;
        loop {
            match Self::begin(binaries, settings).await {
                Err(error) if error.is_port_taken() && tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    async fn begin(binaries: &Binaries, settings: &Settings<'_>) -> Result<Self, StartError> {
        let at = settings.folder;
        let [clients, secure, manager] = free_ports()?;
        let clock = Clock::real();
        let authority = Arc::new(Authority::new("kubernetes", &clock)?);
        // Tokens are verified by the public key in its certificate.
        let accounts = authority.issue_server(&["service-accounts"])?;
        let (url, store) = (format!("https://127.0.0.1:{secure}"), format!("http://127.0.0.1:{clients}"));
        let names: Vec<String> = settings.names.iter().cloned().chain(NAMES.map(str::to_owned)).collect();
        let files = Files::write(at, &authority, &accounts, &url, &names, settings.egress)?;
        let start = |program: &Path, arguments: Vec<String>| {
            let started = Program::start(program, at, &arguments)?;
            (settings.told)(started.group());
            Ok::<_, StartError>(started)
        };
        let etcd = start(&binaries.etcd, arguments::etcd(at, &store))?;
        let apiserver = start(
            &binaries.apiserver,
            arguments::apiserver(binaries.minor, at, &files, &store, secure, ISSUER),
        )?;
        let mut plane = Self {
            controller_manager: None,
            apiserver,
            etcd,
            url,
            authority,
            accounts,
        };
        let admin = plane.client(&Credentials::Admin)?;
        plane.answers(&admin, "/readyz").await?;
        // Not before: it ends where the bootstrap roles are not there yet.
        if let Some(program) = &binaries.controller_manager {
            plane.controller_manager = Some(start(program, arguments::controller_manager(binaries.minor, at, &files, manager))?);
            plane.answers(&admin, "/api/v1/namespaces/default/serviceaccounts/default").await?;
        }
        Ok(plane)
    }

    /// Waits until a path is answered with success.
    async fn answers(&mut self, admin: &Client, path: &str) -> Result<(), StartError> {
        let late = Instant::now() + READY;
        loop {
            let request = Request::get(path).body(kube::client::Body::empty());
            if let Ok(request) = request
                && admin.send(request).await.is_ok_and(|answer| answer.status().is_success())
            {
                return Ok(());
            }
            self.etcd.check()?;
            self.apiserver.check()?;
            if let Some(manager) = &mut self.controller_manager {
                manager.check()?;
            }
            if Instant::now() > late {
                let program = self.controller_manager.as_ref().unwrap_or(&self.apiserver);
                return Err(program.late(READY.as_secs()));
            }
            sleep(LOOK).await;
        }
    }

    /// The API server's address on this machine.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Signs the server's certificate and clients'.
    pub fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }

    /// The private key of service accounts' tokens, PEM.
    pub fn token_key_pem(&self) -> &str {
        &self.accounts.key_pem
    }

    /// Whether Kubernetes' own controllers run.
    pub fn has_controllers(&self) -> bool {
        self.controller_manager.is_some()
    }

    /// A client over this machine's loopback.
    ///
    /// # Errors
    /// If no certificate can be made.
    pub fn client(&self, credentials: &Credentials) -> Result<Client, StartError> {
        let host = Network::machine(Clock::real()).host("machine", "127.0.0.1");
        let access = credentials.access(&self.url, &self.authority)?;
        Ok(Client::new(AccessService::new(&host, &access)?, "default"))
    }

    /// The files that the programs write.
    pub fn logs(&self) -> impl Iterator<Item = &Path> {
        [&self.etcd, &self.apiserver]
            .into_iter()
            .chain(&self.controller_manager)
            .map(Program::log)
    }
}
