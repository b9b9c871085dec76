//! What can go wrong when a node, a service proxy or an ingress controller starts.

/// Why a part of this crate could not start.
///
/// Faults after the start are not errors of this crate: as on a real node they show in pod statuses, events and logs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The API server refused or did not answer.
    #[error("{action}: {source}")]
    Api {
        /// What was being done, for the reader.
        action: &'static str,
        /// The API server's answer.
        source: Box<kube::Error>,
    },
    /// A port of the node's or ingress' address is taken.
    #[error("cannot listen on {address}:{port}: {source}")]
    Listen {
        /// The address within the zone.
        address: String,
        /// The port.
        port: u16,
        /// The network's error.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn api(action: &'static str) -> impl FnOnce(kube::Error) -> Self {
        move |source| Self::Api {
            action,
            source: Box::new(source),
        }
    }
}
