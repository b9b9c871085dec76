//! A cluster: API server, controllers and scheduler in this process.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kube::config::Kubeconfig;
use rustls::ServerConfig;
use simnet::tls::{self, Authority};
use simnet::{Clock, Host, Listener};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::apiserver::{ApiServer, Disturbance, Disturbed, Disturbing, token};
use crate::auth::{DEFAULT_ISSUER, Identity, MASTERS, Tokens};
use crate::bootstrap;
use crate::client::Client;
use crate::http::{ApiService, serve};
use crate::kubeconfig::kubeconfig;
use crate::{controllers, scheduler};

/// User of the administrator's certificate.
const ADMIN: &str = "kubernetes-admin";
/// Names that every API server answers to.
const SERVER_NAMES: &[&str] = &[
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];
/// Addresses that every API server answers to.
const SERVER_ADDRESSES: &[&str] = &["10.96.0.1", "127.0.0.1"];

/// A cluster could not be started, or not be served.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Certificates or TLS.
    #[error("certificates of the cluster: {0}")]
    Tls(#[from] tls::TlsError),
    /// The signing key of service-account tokens.
    #[error("no key for service-account tokens could be made")]
    TokenKey,
    /// An object that a cluster starts with was refused.
    #[error("start content: {0}")]
    Bootstrap(#[from] crate::Status),
}

/// Settings of a cluster that is to start; see [`EmbeddedCluster::builder`].
#[derive(Debug)]
pub struct Builder {
    name: String,
    clock: Option<Clock>,
    seed: u64,
    server_names: Vec<String>,
    host: Option<Host>,
    issuer: Option<String>,
}

/// A Kubernetes cluster in this process. When it is dropped, all its tasks, sessions and watches end; clients that are kept are answered
/// `503 apiserver is shutting down`.
#[derive(Debug)]
pub struct EmbeddedCluster {
    name: String,
    server: Arc<ApiServer>,
    /// Signs client certificates, and at first the server's.
    authority: Arc<Authority>,
    serving: Mutex<Serving>,
    /// What the server shows to those who connect, once it is served.
    tls: OnceLock<watch::Sender<Arc<ServerConfig>>>,
    server_names: Vec<String>,
    scheduler: AbortHandle,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What goes by the authority of the server's certificate.
#[derive(Debug)]
struct Serving {
    authority: Arc<Authority>,
    /// They publish its certificate.
    controllers: AbortHandle,
}

impl Builder {
    /// The cluster's clock. Default: [`Clock::simulated`].
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Seed of uids and generated names.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Further DNS names and addresses that the server certificate is for.
    #[must_use]
    pub fn server_names(mut self, names: Vec<String>) -> Self {
        self.server_names = names;
        self
    }

    /// The machine that the control plane runs on: from there it reaches nodes for logs. Without
    /// one, nodes cannot be reached.
    #[must_use]
    pub fn host(mut self, host: Host) -> Self {
        self.host = Some(host);
        self
    }

    /// The issuer of service accounts' tokens, `https://...`, as kube-apiserver's `--service-account-issuer`. It is the audience of the API
    /// server, too. Default: `https://kubernetes.default.svc.cluster.local`, as in every cluster of kubeadm.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Starts the cluster.
    ///
    /// # Errors
    /// When keys or certificates cannot be made.
    pub async fn start(self) -> Result<EmbeddedCluster, ClusterError> {
        let clock = self.clock.unwrap_or_else(Clock::simulated);
        let authority = Arc::new(Authority::new("kubernetes", &clock)?);
        let tokens = Tokens::generate(self.issuer.as_deref().unwrap_or(DEFAULT_ISSUER)).map_err(|_| ClusterError::TokenKey)?;
        let server = Arc::new(ApiServer::new(clock, self.seed, tokens, self.host));
        bootstrap::fill(&server, authority.pem())?;
        let controllers = start_controllers(&server, &authority, &authority);
        let scheduler = scheduler::start(&components(&server), server.clock.clone());
        let names = SERVER_NAMES.iter().chain(SERVER_ADDRESSES).map(|n| (*n).to_owned());
        Ok(EmbeddedCluster {
            name: self.name,
            server,
            serving: Mutex::new(Serving {
                authority: authority.clone(),
                controllers,
            }),
            authority,
            tls: OnceLock::new(),
            server_names: self.server_names.into_iter().chain(names).collect(),
            scheduler,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        })
    }
}

impl EmbeddedCluster {
    /// A cluster to be started under this name, which kubeconfigs show.
    pub fn builder(name: impl Into<String>) -> Builder {
        Builder {
            name: name.into(),
            clock: None,
            seed: 0,
            server_names: vec![],
            host: None,
            issuer: None,
        }
    }

    /// The cluster's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A client of the cluster's administrator, in this process and without sockets.
    pub fn client(&self) -> kube::Client {
        self.client_for(ADMIN, &[MASTERS])
    }

    /// A client of any user: the API sees the client certificate that such a user would have.
    pub fn client_for(&self, user: &str, groups: &[&str]) -> kube::Client {
        let identity = Identity::new(user, groups.iter().copied());
        kube::Client::new(ApiService::new(self.server.clone(), Some(identity)), "default")
    }

    /// The API as a service: what a connection without client certificate reaches.
    pub fn service(&self) -> ApiService {
        ApiService::new(self.server.clone(), None)
    }

    /// The API as a service, for the administrator.
    pub fn admin_service(&self) -> ApiService {
        ApiService::new(self.server.clone(), Some(Identity::new(ADMIN, [MASTERS])))
    }

    /// Treats some requests badly, whoever sends them and however, until what is returned is dropped.
    #[must_use]
    pub fn disturb(&self, which: Disturbed, how: Disturbance) -> Disturbing {
        self.server.disturb(which, how)
    }

    /// The id of the key that signs service-account tokens, as their header names it.
    pub fn token_key_id(&self) -> &str {
        self.server.tokens.key_id()
    }

    /// Tokens that were shown here and that another cluster signed: how often, by the id of its key. Such a request is refused; whoever sent it
    /// took the credentials of one cluster for those of another.
    pub fn foreign_tokens(&self) -> std::collections::BTreeMap<String, u64> {
        self.server.tokens.foreign()
    }

    /// Certificate of the authority behind the server's certificate, PEM. Client certificates are of the cluster's first authority, which is
    /// the same until [`rotate_ca`](Self::rotate_ca).
    pub fn ca_pem(&self) -> String {
        self.serving().authority.pem().to_owned()
    }

    /// Gives the server a certificate of a new authority, as when an operator replaces `apiserver.crt` and its CA and starts the control plane
    /// again: open connections end, and the controllers publish the new authority's certificate in `kube-root-ca.crt` and in the Secrets of
    /// tokens. Client certificates and tokens are good as before.
    ///
    /// # Errors
    /// When keys or certificates cannot be made.
    pub fn rotate_ca(&self) -> Result<(), ClusterError> {
        self.certify(Arc::new(Authority::new("kubernetes", &self.server.clock)?))
    }

    /// As [`rotate_ca`](Self::rotate_ca), back to the cluster's first authority.
    ///
    /// # Errors
    /// When no server certificate can be made.
    pub fn restore_ca(&self) -> Result<(), ClusterError> {
        self.certify(self.authority.clone())
    }

    fn certify(&self, authority: Arc<Authority>) -> Result<(), ClusterError> {
        let mut serving = self.serving();
        // Before anything is changed: it may fail.
        let shown = match self.tls.get() {
            Some(tls) => Some((tls, self.server_config(&authority)?)),
            None => None,
        };
        serving.controllers.abort();
        serving.controllers = start_controllers(&self.server, &self.authority, &authority);
        serving.authority = authority;
        if let Some((tls, config)) = shown {
            tls.send_replace(config);
        }
        Ok(())
    }

    fn serving(&self) -> std::sync::MutexGuard<'_, Serving> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn server_config(&self, authority: &Authority) -> Result<Arc<ServerConfig>, ClusterError> {
        let pair = authority.issue_server(&self.server_names)?;
        Ok(tls::server_config(
            &pair,
            Some(self.authority.pem()),
            &["h2", "http/1.1"],
            &self.server.clock,
        )?)
    }

    /// An administrator's kubeconfig for the API at `server_url`.
    ///
    /// # Errors
    /// When no client certificate can be made.
    pub fn kubeconfig(&self, server_url: &str) -> Result<Kubeconfig, ClusterError> {
        let pair = self.authority.issue_client(ADMIN, Some(MASTERS))?;
        Ok(kubeconfig(&self.name, server_url, &self.ca_pem(), ADMIN, &pair))
    }

    /// Serves the API over TLS to whoever connects to `listener`: HTTP/2 and HTTP/1.1, client
    /// certificates optional.
    ///
    /// # Errors
    /// When no server certificate can be made.
    pub fn serve(&self, listener: Listener) -> Result<(), ClusterError> {
        let serving = self.serving();
        let config = match self.tls.get() {
            Some(tls) => tls.subscribe(),
            None => {
                let config = self.server_config(&serving.authority)?;
                self.tls.get_or_init(|| watch::Sender::new(config)).subscribe()
            }
        };
        self.tasks
            .spawn(serve(self.server.clone(), listener, config, self.tasks.clone(), self.stop.clone()));
        Ok(())
    }
}

/// The client of the control plane's components, which act as their own users.
fn components(server: &Arc<ApiServer>) -> Client {
    Client::new(server.clone(), Identity::anonymous(), "")
}

/// Starts the controllers. `authority` signs certificate requests; the certificate of `serving` is published.
fn start_controllers(server: &Arc<ApiServer>, authority: &Arc<Authority>, serving: &Authority) -> AbortHandle {
    let signer = server.clone();
    let settings = controllers::Settings {
        clock: server.clock.clone(),
        ca: serving.pem().into(),
        sign: Arc::new(move |account, secret| token::legacy(&signer.tokens, signer.clock.now().as_second(), account, secret)),
        sign_request: controllers::signer(authority.clone()),
    };
    controllers::start(&components(server), settings)
}

impl Drop for EmbeddedCluster {
    fn drop(&mut self) {
        self.stop.cancel();
        self.serving().controllers.abort();
        self.scheduler.abort();
        self.server.store.close();
    }
}
