//! Starting containers by testcontainers: what the backends `container` and `k3s` share.

use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use kube::config::Kubeconfig;
use testcontainers::bollard::models::PortBinding;
use testcontainers::core::client::docker_client_instance;
use testcontainers::core::error::{TestcontainersError, WaitContainerError};
use testcontainers::core::logs::WaitLogError;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerRequest, Image};
use thiserror::Error;

use super::Docker;
use crate::backend::process::ProcessError;

/// Why the engine behind testcontainers cannot be used.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The engine does not answer through its socket.
    #[error("no docker engine answers at its socket: {0}\nlet DOCKER_HOST name the socket")]
    Silent(String),
    /// The `docker` command and testcontainers speak to different engines.
    #[error(
        "the `docker` command speaks to another engine ({command}) than the socket leads to ({socket}): its context is not the default one\n\
         let DOCKER_HOST name the socket of the one that is meant"
    )]
    Two {
        /// Id of the command's.
        command: String,
        /// Id of the socket's.
        socket: String,
    },
    /// The `docker` command failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

impl EngineError {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Silent(_) => "container-engine",
            Self::Two { .. } => "container-two-engines",
            Self::Process(error) => error.code(),
        }
    }
}

/// A container that did not start.
#[derive(Debug)]
pub(crate) struct Failed {
    /// What happened.
    pub(crate) message: String,
    /// What the container said.
    pub(crate) log: String,
}

/// The engine that testcontainers finds must be the one of the `docker` command, which removes what the other made.
pub(crate) async fn check_engine(docker: &Docker) -> Result<(), EngineError> {
    let silent = |error: &dyn std::fmt::Display| EngineError::Silent(error.to_string());
    let engine = docker_client_instance().await.map_err(|error| silent(&error))?;
    let socket = engine.info().await.map_err(|error| silent(&error))?.id.unwrap_or_default();
    let command = docker.server_id().await?;
    if command == socket {
        Ok(())
    } else {
        Err(EngineError::Two { command, socket })
    }
}

/// `name[:tag]`; a registry may have a port.
pub(crate) fn name_and_tag(image: &str) -> (String, String) {
    let (name, tag) = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    };
    (name.to_owned(), tag.to_owned())
}

/// Ports of loopback that nobody has at this moment; another program may take them before docker does.
pub(crate) fn free_ports<const N: usize>() -> std::io::Result<[u16; N]> {
    let listeners: Vec<TcpListener> = (0..N)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<_, _>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// Ports of a container, published on loopback only: a test's clusters are nobody else's. The port numbers are fixed, since docker picks
/// others each time that a container's networks change.
pub(crate) fn loopback(ports: &[(u16, u16)]) -> HashMap<String, Option<Vec<PortBinding>>> {
    let binding = |(inner, outer): &(u16, u16)| {
        let binding = PortBinding {
            host_ip: Some(Ipv4Addr::LOCALHOST.to_string()),
            host_port: Some(outer.to_string()),
        };
        (format!("{inner}/tcp"), Some(vec![binding]))
    };
    ports.iter().map(binding).collect()
}

/// Starts a container and waits until it says that it is ready. Else what happened, and what the container said.
pub(crate) async fn launch<I: Image>(docker: &Docker, name: &str, request: ContainerRequest<I>, limit: Duration) -> Result<(), Failed> {
    let started = request.start();
    tokio::pin!(started);
    let started = tokio::select! {
        started = &mut started => started,
        () = tokio::time::sleep(limit) => {
            // As long as the container is there: testcontainers removes what it gives up.
            let log = docker.logs(name).await.unwrap_or_default();
            return Err(Failed { message: format!("not ready after {} s", limit.as_secs()), log });
        }
    };
    match started {
        Ok(container) => {
            // The ledger says when it goes, not this value's end.
            let _ = ManuallyDrop::new(container);
            Ok(())
        }
        Err(TestcontainersError::WaitContainer(WaitContainerError::WaitLog(WaitLogError::EndOfStream(lines)))) => Err(Failed {
            message: "it ended before it was ready".to_owned(),
            log: String::from_utf8_lossy(&lines.concat()).into_owned(),
        }),
        Err(error) => Err(Failed {
            message: error.to_string(),
            log: String::new(),
        }),
    }
}

/// Reads a kubeconfig that came out of a container, and lets it lead to the published port, for whoever uses the file.
pub(crate) fn localise(file: &Path, host_url: &str) -> Result<Kubeconfig, String> {
    let unusable = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| unusable(&error))?;
    let mut kubeconfig = Kubeconfig::from_yaml(&text).map_err(|error| unusable(&error))?;
    for named in &mut kubeconfig.clusters {
        if let Some(cluster) = &mut named.cluster {
            cluster.server = Some(host_url.to_owned());
        }
    }
    let text = yaml::emit::to_string(&kubeconfig).map_err(|error| unusable(&error))?;
    std::fs::write(file, text).map_err(|error| unusable(&error))?;
    Ok(kubeconfig)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("multiplane:dev", "multiplane", "dev")]
    #[case("multiplane", "multiplane", "latest")]
    #[case("localhost:5000/multiplane", "localhost:5000/multiplane", "latest")]
    #[case("localhost:5000/multiplane:1", "localhost:5000/multiplane", "1")]
    fn names_and_tags(#[case] image: &str, #[case] name: &str, #[case] tag: &str) {
        assert_eq!(name_and_tag(image), (name.to_owned(), tag.to_owned()));
    }
}
