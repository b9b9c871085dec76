//! Removing all that a run made. testcontainers has no reaper, and containers are not all there is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder, RemoveContainerOptionsBuilder,
    RemoveVolumeOptionsBuilder,
};
use testcontainers::core::client::docker_client_instance;

use crate::backend::ledger::LABEL;

/// Attempts, after the first one, to remove what is in use.
const ATTEMPTS: usize = 50;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(200);

/// Removes a run's containers, networks and volumes when it is told to or dropped.
pub(super) struct Sweep {
    run: String,
    done: AtomicBool,
}

impl Sweep {
    pub(super) fn new(run: &str) -> Self {
        Self {
            run: run.to_owned(),
            done: AtomicBool::new(false),
        }
    }

    pub(super) async fn now(&self) -> Vec<String> {
        let left = sweep(&self.run).await;
        self.done.store(true, Ordering::Release);
        left
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        if self.done.load(Ordering::Acquire) {
            return;
        }
        let run = self.run.clone();
        // A runtime of its own: the one that is left may be at its end, and may not be blocked.
        let swept = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| runtime.block_on(sweep(&run)))
        });
        match swept.join() {
            Ok(Ok(left)) => left.iter().for_each(|left| tracing::warn!(left, "not removed")),
            Ok(Err(error)) => tracing::warn!(%error, "nothing removed"),
            Err(_) => tracing::warn!("nothing removed"),
        }
    }
}

/// Removes every container, network and volume of a run, in this order. What could not be removed is told.
pub async fn sweep(run: &str) -> Vec<String> {
    let docker = match docker_client_instance().await {
        Ok(docker) => docker,
        Err(error) => return vec![format!("all of run {run}: no docker engine: {error}")],
    };
    let mut left = remove_all(&docker, run).await;
    // A container that testcontainers removes at this moment holds its network and volume until it is gone.
    for _ in 0..ATTEMPTS {
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        left = remove_all(&docker, run).await;
    }
    left
}

async fn remove_all(docker: &Docker, run: &str) -> Vec<String> {
    let filter = HashMap::from([("label", vec![format!("{LABEL}={run}")])]);
    let mut left = Vec::new();
    let mut note = |what: &str, result: Result<(), Error>| match result {
        Ok(()) | Err(Error::DockerResponseServerError { status_code: 404, .. }) => {}
        Err(error) => left.push(format!("{what}: {error}")),
    };
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filter).build();
    match docker.list_containers(Some(options)).await {
        Err(error) => note("containers", Err(error)),
        Ok(containers) => {
            for id in containers.into_iter().filter_map(|container| container.id) {
                let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
                note(&format!("container {id}"), docker.remove_container(&id, Some(options)).await);
            }
        }
    }
    let options = ListNetworksOptionsBuilder::new().filters(&filter).build();
    match docker.list_networks(Some(options)).await {
        Err(error) => note("networks", Err(error)),
        Ok(networks) => {
            for name in networks.into_iter().filter_map(|network| network.name) {
                note(&format!("network {name}"), docker.remove_network(&name).await);
            }
        }
    }
    let options = ListVolumesOptionsBuilder::new().filters(&filter).build();
    match docker.list_volumes(Some(options)).await {
        Err(error) => note("volumes", Err(error)),
        Ok(volumes) => {
            for volume in volumes.volumes.into_iter().flatten() {
                let options = RemoveVolumeOptionsBuilder::new().force(true).build();
                note(
                    &format!("volume {}", volume.name),
                    docker.remove_volume(&volume.name, Some(options)).await,
                );
            }
        }
    }
    left
}
