//! Credentials of one user for one cluster, as kubectl reads them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use simnet::tls::KeyPair;

/// A kubeconfig for the API at `server_url`: `cluster` names cluster and context, `pair` is the client certificate of `user`.
pub fn kubeconfig(cluster: &str, server_url: &str, ca_pem: &str, user: &str, pair: &KeyPair) -> Kubeconfig {
    let auth = AuthInfo {
        client_certificate_data: Some(STANDARD.encode(&pair.cert_pem)),
        client_key_data: Some(STANDARD.encode(&pair.key_pem).into()),
        ..AuthInfo::default()
    };
    let context = Context {
        cluster: cluster.to_owned(),
        user: Some(user.into()),
        ..Context::default()
    };
    let server = Cluster {
        server: Some(server_url.to_owned()),
        certificate_authority_data: Some(STANDARD.encode(ca_pem)),
        ..Cluster::default()
    };
    Kubeconfig {
        clusters: vec![NamedCluster {
            name: cluster.to_owned(),
            cluster: Some(server),
            other: Default::default(),
        }],
        auth_infos: vec![NamedAuthInfo {
            name: user.into(),
            auth_info: Some(auth),
            other: Default::default(),
        }],
        contexts: vec![NamedContext {
            name: cluster.to_owned(),
            context: Some(context),
            other: Default::default(),
        }],
        current_context: Some(cluster.to_owned()),
        kind: Some("Config".into()),
        api_version: Some("v1".into()),
        ..Kubeconfig::default()
    }
}
