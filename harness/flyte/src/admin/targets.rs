//! Clients of the member clusters, built once at start from the configuration and the mounted credentials.

use std::collections::BTreeMap;
use std::sync::Arc;

use virtual_node::ContainerContext;

use super::data_plane::KubeDataPlane;
use crate::config::AdminConfig;
use crate::kubernetes::{self, Token};
use crate::naming::fnv;
use crate::placement::{Cluster, KubeClientConfig, Selector, StartupError};

/// Why flyteadmin does not start, in the words that its log shows.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The cluster configuration cannot be used.
    #[error(transparent)]
    Config(#[from] StartupError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] crate::stores::DatabaseError),
    /// A cluster's client cannot be built.
    #[error("failed to initialize cluster {cluster}: {reason}")]
    Target {
        /// The cluster's name.
        cluster: String,
        /// What is wrong.
        reason: String,
    },
}

/// Member clusters by name.
pub(crate) type Targets = BTreeMap<String, Arc<KubeDataPlane>>;

/// The selector and a client for every configured cluster, disabled ones included; in single-cluster mode one client
/// without a name. Checked in upstream's order: names, then credentials, then pools.
///
/// With `reread`, tokens are read anew for every request.
pub(crate) fn start(context: &ContainerContext, config: &AdminConfig, reread: bool) -> Result<(Selector, Targets), StartError> {
    let selector = match Selector::new(config.clusters.clone()) {
        Err(error @ (StartupError::DuplicateName(_) | StartupError::BurstMissing(_))) => {
            return Err(error.into());
        }
        result => result,
    };
    let mut targets = Targets::new();
    for cluster in &config.clusters.clusters {
        targets.insert(cluster.name.clone(), Arc::new(target(context, config, cluster, reread)?));
    }
    if targets.is_empty() {
        let local = Cluster {
            in_cluster: true,
            ..Cluster::default()
        };
        targets.insert(String::new(), Arc::new(target(context, config, &local, reread)?));
    }
    Ok((selector?, targets))
}

/// Clients of the clusters that are enabled.
pub(crate) fn enabled(context: &ContainerContext, config: &AdminConfig) -> Result<Targets, StartError> {
    let (_, mut targets) = start(context, config, config.cluster_resources.switches.reread_tokens)?;
    targets.retain(|name, _| config.clusters.cluster(name).is_none_or(|cluster| cluster.enabled));
    Ok(targets)
}

fn target(context: &ContainerContext, config: &AdminConfig, cluster: &Cluster, reread: bool) -> Result<KubeDataPlane, StartError> {
    let failed = |reason: String| StartError::Target {
        cluster: cluster.name.clone(),
        reason,
    };
    if cluster.in_cluster {
        let client = kubernetes::in_cluster(context).map_err(|error| failed(format!("Cannot get incluster kubeconfig : {error}")))?;
        return Ok(KubeDataPlane::new(client, timeout(&config.kube_client)));
    }
    let read = |what: &str, path: &str| {
        context
            .files
            .read_to_string(path)
            .map_err(|error| failed(format!("Failed to get auth {what}: failed to read file {path}: {error}")))
    };
    let token = read("token", &cluster.auth.token_path)?;
    let ca = read("CA", &cluster.auth.cert_path)?;
    let token = match reread {
        true => Token::File(context.files.clone(), cluster.auth.token_path.clone()),
        false => Token::Fixed(token),
    };
    let client =
        kubernetes::remote(&context.host, &context.trust, &cluster.endpoint, &ca, token).map_err(|error| failed(error.to_string()))?;
    let limits = cluster.kube_client.unwrap_or(config.kube_client);
    Ok(KubeDataPlane::new(client, timeout(&limits)))
}

fn timeout(config: &KubeClientConfig) -> Option<std::time::Duration> {
    config.limits().timeout?.to_std()
}

/// A seed that differs between pods and between runs of one pod.
pub(crate) fn seed(context: &ContainerContext) -> u64 {
    let run = format!("{}/{}", context.pod.uid, context.clock.now());
    fnv::fnv1a64(run.as_bytes())
}
