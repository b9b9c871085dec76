//! The programs' arguments. Every port is at loopback.

use std::path::Path;

use crate::files::Files;

/// The first version in which every pod has a token of its own by default; before it, service accounts have one Secret for all.
const BOUND_TOKENS: u32 = 21;
/// The first version whose controller manager has no port without TLS.
const NO_INSECURE_PORT: u32 = 24;

pub(crate) fn etcd(folder: &Path, clients: &str) -> Vec<String> {
    vec![
        format!("--data-dir={}", folder.join("etcd").display()),
        format!("--listen-client-urls={clients}"),
        format!("--advertise-client-urls={clients}"),
        "--listen-peer-urls=http://127.0.0.1:0".to_owned(),
        // It goes with this process: nothing of it is read again.
        "--unsafe-no-fsync".to_owned(),
    ]
}

/// `minor` is 20 for 1.20.
pub(crate) fn apiserver(minor: u32, folder: &Path, files: &Files, etcd: &str, port: u16, issuer: &str) -> Vec<String> {
    let mut arguments = vec![
        format!("--etcd-servers={etcd}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", folder.display()),
        format!("--client-ca-file={}", files.ca.display()),
        format!("--tls-cert-file={}", files.serving_cert.display()),
        format!("--tls-private-key-file={}", files.serving_key.display()),
        format!("--service-account-issuer={issuer}"),
        format!("--service-account-key-file={}", files.accounts_cert.display()),
        format!("--service-account-signing-key-file={}", files.accounts_key.display()),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
    ];
    if let Some(egress) = &files.egress {
        arguments.push(format!("--egress-selector-config-file={}", egress.display()));
        arguments.push("--kubelet-preferred-address-types=InternalIP".to_owned());
    }
    if minor < BOUND_TOKENS {
        arguments.push("--feature-gates=BoundServiceAccountTokenVolume=true".to_owned());
    }
    arguments
}

pub(crate) fn controller_manager(minor: u32, folder: &Path, files: &Files, port: u16) -> Vec<String> {
    let mut arguments = vec![
        format!("--kubeconfig={}", files.kubeconfig.display()),
        format!("--service-account-private-key-file={}", files.accounts_key.display()),
        format!("--root-ca-file={}", files.ca.display()),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", folder.join("manager").display()),
        "--leader-elect=false".to_owned(),
        "--use-service-account-credentials".to_owned(),
        "--kube-api-qps=500".to_owned(),
        "--kube-api-burst=500".to_owned(),
    ];
    if minor < BOUND_TOKENS {
        arguments.push("--feature-gates=BoundServiceAccountTokenVolume=true".to_owned());
    }
    if minor < NO_INSECURE_PORT {
        arguments.push("--port=0".to_owned());
    }
    arguments
}
