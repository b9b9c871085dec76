//! What the programs read, in one folder.

use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use simnet::tls::{Authority, KeyPair};

use crate::StartError;

/// Everything that the programs read.
pub(crate) struct Files {
    /// The authority's certificate.
    pub(crate) ca: PathBuf,
    pub(crate) serving_cert: PathBuf,
    pub(crate) serving_key: PathBuf,
    /// Certificate with the public key of service accounts' tokens.
    pub(crate) accounts_cert: PathBuf,
    pub(crate) accounts_key: PathBuf,
    /// An administrator's.
    pub(crate) kubeconfig: PathBuf,
    /// Where the API server's connections to nodes and Services go, if not over this machine's network.
    pub(crate) egress: Option<PathBuf>,
}

impl Files {
    /// Writes them. `server` is the API server's URL; `names` are those that its certificate is for; connections into the cluster's network go
    /// through the socket `egress`.
    pub(crate) fn write(
        folder: &Path,
        authority: &Authority,
        accounts: &KeyPair,
        server: &str,
        names: &[String],
        egress: Option<&Path>,
    ) -> Result<Self, StartError> {
        let write = |name: &str, content: &str| write(folder, name, content);
        let serving = authority.issue_server(names)?;
        let admin = authority.issue_client("admin", Some("system:masters"))?;
        let ca = write("ca.crt", authority.pem())?;
        let (cert, key) = (write("admin.crt", &admin.cert_pem)?, write("admin.key", &admin.key_pem)?);
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": server, "certificate-authority": ca}}],
            "users": [{"name": "u", "user": {"client-certificate": cert, "client-key": key}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        });
        let egress = egress
            .map(|socket| write("egress.json", &selector(socket).to_string()))
            .transpose()?;
        Ok(Self {
            serving_cert: write("serving.crt", &serving.cert_pem)?,
            serving_key: write("serving.key", &serving.key_pem)?,
            accounts_cert: write("accounts.crt", &accounts.cert_pem)?,
            accounts_key: write("accounts.key", &accounts.key_pem)?,
            kubeconfig: write("kubeconfig", &kubeconfig.to_string())?,
            ca,
            egress,
        })
    }
}

fn selector(socket: &Path) -> Value {
    let connection = json!({"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": socket}}});
    json!({
        "apiVersion": "apiserver.k8s.io/v1beta1", "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    })
}

/// Writes a file that nobody else can read.
fn write(folder: &Path, name: &str, content: &str) -> Result<PathBuf, StartError> {
    let path = folder.join(name);
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, content.as_bytes()));
    written.map_err(StartError::io(path.display().to_string()))?;
    Ok(path)
}

/// Ports that nobody has: all are held until the last is known.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N], StartError> {
    let mut listeners = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(StartError::io("look for a free port"))?;
        *port = listener.local_addr().map_err(StartError::io("look for a free port"))?.port();
        listeners.push(listener);
    }
    Ok(ports)
}
