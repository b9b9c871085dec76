//! Checks of a container: what probes and hooks do.

mod grpc;
mod http;
mod insecure;

use std::io;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Container, ExecAction, GRPCAction, HTTPGetAction, LifecycleHandler, Probe, TCPSocketAction};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use simnet::Host;
use tokio::time::Duration;

use crate::program::Probes;

pub(crate) use insecure::client_config as trusting_any;

/// One way to look at a container.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Check {
    Exec(ExecAction),
    Http(HTTPGetAction),
    Tcp(TCPSocketAction),
    Grpc(GRPCAction),
}

/// Where a check looks, and from where.
pub(crate) struct Target {
    /// The node: kubelets probe from there.
    pub(crate) from: Host,
    pub(crate) pod_ip: String,
    /// The container's ports, for checks that name them.
    pub(crate) container: Arc<Container>,
    pub(crate) probes: Probes,
}

impl Check {
    pub(crate) fn of_probe(probe: &Probe) -> Option<Self> {
        let exec = probe.exec.clone().map(Self::Exec);
        exec.or(probe.http_get.clone().map(Self::Http))
            .or(probe.tcp_socket.clone().map(Self::Tcp))
            .or(probe.grpc.clone().map(Self::Grpc))
    }

    pub(crate) fn of_hook(hook: &LifecycleHandler) -> Option<Self> {
        let exec = hook.exec.clone().map(Self::Exec);
        exec.or(hook.http_get.clone().map(Self::Http))
            .or(hook.tcp_socket.clone().map(Self::Tcp))
    }

    /// Looks once. The error is what a kubelet would report.
    pub(crate) async fn run(&self, target: &Target, timeout: Duration) -> Result<(), String> {
        let looked = tokio::time::timeout(timeout, self.look(target)).await;
        looked.unwrap_or_else(|_| Err(self.timed_out(target, timeout)))
    }

    async fn look(&self, target: &Target) -> Result<(), String> {
        match self {
            Self::Exec(action) => target.probes.exec(action.command.as_deref().unwrap_or_default()).await,
            Self::Http(action) => http::get(target, action).await,
            Self::Tcp(action) => {
                let host = action.host.as_deref().unwrap_or(&target.pod_ip);
                let port = target.port(&action.port)?;
                target.from.connect(host, port).await.map(drop).map_err(told(host, port))
            }
            Self::Grpc(action) => grpc::health(target, action).await,
        }
    }

    fn timed_out(&self, target: &Target, timeout: Duration) -> String {
        let ip = &target.pod_ip;
        match self {
            Self::Exec(_) => format!("command timed out: {timeout:?}"),
            Self::Http(action) => {
                let url = http::url(target, action).unwrap_or_default();
                format!("Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)")
            }
            Self::Tcp(_) => format!("dial tcp {ip}: i/o timeout"),
            Self::Grpc(action) => format!(
                "timeout: failed to connect service \"{ip}:{}\" within {timeout:?}: context deadline exceeded",
                action.port
            ),
        }
    }
}

impl Target {
    /// A port by number or by the name that the container gives it.
    fn port(&self, port: &IntOrString) -> Result<u16, String> {
        let number = match port {
            IntOrString::Int(number) => Some(*number),
            IntOrString::String(name) => {
                let mut ports = self.container.ports.iter().flatten();
                ports.find(|port| port.name.as_ref() == Some(name)).map(|port| port.container_port)
            }
        };
        let number = number.and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 0);
        number.ok_or_else(|| format!("couldn't find port: {port:?}"))
    }
}

/// A network error in Go's words.
fn told(host: &str, port: u16) -> impl Fn(io::Error) -> String {
    move |error| {
        let text = error.to_string();
        if text.starts_with("dial") {
            text
        } else {
            format!("dial tcp {host}:{port}: {text}")
        }
    }
}
