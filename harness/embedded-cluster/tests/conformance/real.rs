//! A real control plane: etcd, kube-apiserver and, where it is there, kube-controller-manager, on loopback.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use simnet::http::{Access, AccessService};
use simnet::tls::Authority;
use simnet::{Clock, Network};
use tempfile::TempDir;

use crate::binaries::Binaries;
use crate::programs::Program;
use crate::session::{Session, Who};

/// How long each program may take to be ready.
const READY: Duration = Duration::from_secs(120);

/// A control plane that runs, and ends when dropped.
pub(crate) struct Real {
    // The latest ends first, all before their folder goes.
    _controller_manager: Option<Program>,
    _apiserver: Program,
    _etcd: Program,
    _folder: TempDir,
    server: Server,
    pub(crate) controllers: bool,
}

/// The API server's address, and the authority that it trusts and is trusted by.
struct Server {
    url: String,
    authority: Authority,
}

impl Real {
    /// Starts one; it is ready for requests and, with controllers, for pods.
    pub(crate) fn start(binaries: &Binaries) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(begin(binaries))
    }

    /// A session of somebody.
    pub(crate) fn session(&self, who: &Who) -> Session {
        self.server.session(who)
    }
}

impl Server {
    fn session(&self, who: &Who) -> Session {
        let mut access = Access {
            server: self.url.clone(),
            ca_pem: self.authority.pem().to_owned(),
            ..Access::default()
        };
        match who {
            Who::Admin => access.client = Some(self.authority.issue_client("admin", Some("system:masters")).unwrap()),
            Who::User(name) => access.client = Some(self.authority.issue_client(name, None).unwrap()),
            Who::Token(token) => access.token = Some(token.clone()),
            Who::Nobody => {}
        }
        let host = Network::machine(Clock::real()).host("machine", "127.0.0.1");
        Session::new(kube::Client::new(AccessService::new(&host, &access).unwrap(), "default"))
    }

    /// The administrator's kubeconfig, as a program reads it.
    fn kubeconfig(&self, folder: &Path) -> Result<String, String> {
        let pair = self.authority.issue_client("admin", Some("system:masters")).map_err(text)?;
        let ca = write(folder, "ca.crt", self.authority.pem())?;
        let (cert, key) = (
            write(folder, "admin.crt", &pair.cert_pem)?,
            write(folder, "admin.key", &pair.key_pem)?,
        );
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": self.url, "certificate-authority": ca}}],
            "users": [{"name": "u", "user": {"client-certificate": cert, "client-key": key}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        });
        write(folder, "kubeconfig", &kubeconfig.to_string())
    }
}

async fn begin(binaries: &Binaries) -> Result<Real, String> {
    let folder = tempfile::Builder::new().prefix("conformance-").tempdir().map_err(text)?;
    let at = folder.path();
    let [clients, secure, manager] = ports()?;
    let authority = Authority::new("conformance", &Clock::real()).map_err(text)?;
    let serving = authority
        .issue_server(&["127.0.0.1", "localhost", "kubernetes.default.svc"])
        .map_err(text)?;
    // Tokens are verified by the public key in this certificate.
    let signer = authority.issue_server(&["service-accounts"]).map_err(text)?;
    let server = Server {
        url: format!("https://127.0.0.1:{secure}"),
        authority,
    };
    let kubeconfig = server.kubeconfig(at)?;
    let ca = at.join("ca.crt").display().to_string();
    let signing_key = write(at, "accounts.key", &signer.key_pem)?;

    let store = format!("http://127.0.0.1:{clients}");
    let etcd = Program::start(
        &binaries.etcd,
        at,
        &[
            format!("--data-dir={}", at.join("etcd").display()),
            format!("--listen-client-urls={store}"),
            format!("--advertise-client-urls={store}"),
            "--listen-peer-urls=http://127.0.0.1:0".to_owned(),
        ],
    )?;
    let mut apiserver = Program::start(
        &binaries.apiserver,
        at,
        &[
            format!("--etcd-servers={store}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(),
            format!("--secure-port={secure}"),
            format!("--cert-dir={}", at.display()),
            format!("--client-ca-file={ca}"),
            format!("--tls-cert-file={}", write(at, "serving.crt", &serving.cert_pem)?),
            format!("--tls-private-key-file={}", write(at, "serving.key", &serving.key_pem)?),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", write(at, "accounts.crt", &signer.cert_pem)?),
            format!("--service-account-signing-key-file={signing_key}"),
            "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
            "--authorization-mode=RBAC".to_owned(),
        ],
    )?;
    let admin = server.session(&Who::Admin);
    // There is nothing to watch yet.
    let ready = tokio::time::timeout(READY, async {
        while !matches!(admin.try_send("GET", "/readyz").await, Some(200)) {
            if let Some(last) = apiserver.ended() {
                return Err(last);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    });
    ready
        .await
        .unwrap_or_else(|_| Err(format!("not ready in {READY:?}: {}", apiserver.last())))?;

    // Before the API server is ready, the rights that it needs are not there, and it would end.
    let controller_manager = match &binaries.controller_manager {
        None => None,
        Some(program) => {
            let mut arguments = vec![
                format!("--kubeconfig={kubeconfig}"),
                format!("--service-account-private-key-file={signing_key}"),
                format!("--root-ca-file={ca}"),
                "--bind-address=127.0.0.1".to_owned(),
                format!("--secure-port={manager}"),
                format!("--cert-dir={}", at.join("manager").display()),
                "--leader-elect=false".to_owned(),
                "--use-service-account-credentials".to_owned(),
                "--kube-api-qps=500".to_owned(),
                "--kube-api-burst=500".to_owned(),
            ];
            if binaries.minor < 24 {
                // It has a port without TLS, at all addresses.
                arguments.push("--port=0".to_owned());
            }
            let program = Program::start(program, at, &arguments)?;
            let accounts = "/api/v1/namespaces/default/serviceaccounts";
            let account = tokio::time::timeout(READY, admin.until(accounts, "default", |account| account.is_some()));
            account
                .await
                .map_err(|_| format!("no service account in {READY:?}: {}", program.last()))?;
            Some(program)
        }
    };
    Ok(Real {
        controllers: controller_manager.is_some(),
        _controller_manager: controller_manager,
        _apiserver: apiserver,
        _etcd: etcd,
        _folder: folder,
        server,
    })
}

/// Ports that nobody has: all are held until the last is known.
fn ports<const N: usize>() -> Result<[u16; N], String> {
    let mut listeners = Vec::new();
    for _ in 0..N {
        listeners.push(TcpListener::bind("127.0.0.1:0").map_err(text)?);
    }
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr().map_err(text)?.port();
    }
    Ok(ports)
}

/// Writes a file, and gives its path.
fn write(folder: &Path, name: &str, content: &str) -> Result<String, String> {
    let path = folder.join(name);
    std::fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path.display().to_string())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
