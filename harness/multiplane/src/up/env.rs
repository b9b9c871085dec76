//! `env.json`: where other programs find what is up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// What stands in `env.json`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Env {
    clusters: BTreeMap<String, ClusterEnv>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flyte: Option<FlyteEnv>,
    /// The page that shows where executions are.
    page: String,
    /// STS and S3 of the world's account: what SDKs take as `AWS_ENDPOINT_URL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    aws: Option<String>,
    /// Where signed URLs of objects lead.
    #[serde(rename = "objectStore")]
    object_store: String,
}

#[derive(Debug, Serialize)]
struct ClusterEnv {
    kubeconfig: PathBuf,
    api: String,
}

#[derive(Debug, Serialize)]
struct FlyteEnv {
    admin: AdminEnv,
}

/// `host:port` of plaintext gRPC, and of HTTP.
#[derive(Debug, Serialize)]
struct AdminEnv {
    endpoint: String,
    http: String,
}

impl Env {
    pub(super) fn cluster(&mut self, id: &str, kubeconfig: &Path, api: String) {
        let kubeconfig = std::path::absolute(kubeconfig).unwrap_or_else(|_| kubeconfig.to_owned());
        self.clusters.insert(id.to_owned(), ClusterEnv { kubeconfig, api });
    }

    pub(super) fn object_store(&mut self, base: &str) {
        base.clone_into(&mut self.object_store);
    }

    pub(super) fn aws(&mut self, base: &str) {
        self.aws = Some(base.to_owned());
    }

    pub(super) fn page(&mut self, url: &str) {
        url.clone_into(&mut self.page);
    }

    pub(super) fn admin(&mut self, grpc: SocketAddr, http: SocketAddr) {
        self.flyte = Some(FlyteEnv {
            admin: AdminEnv {
                endpoint: grpc.to_string(),
                http: http.to_string(),
            },
        });
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}
