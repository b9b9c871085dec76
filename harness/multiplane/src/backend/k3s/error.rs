//! Why the k3s backend failed.

use thiserror::Error;

use crate::backend::docker::EngineError;
use crate::backend::ledger::LedgerError;
use crate::backend::nodes::NodesError;
use crate::backend::outside::OutsideError;
use crate::backend::process::ProcessError;

/// What docker or k3s says where containers may not be privileged.
const UNPRIVILEGED: [&str; 4] = [
    "privileged mode is incompatible",
    "operation not permitted",
    "Operation not permitted",
    "read-only file system",
];

/// Why the k3s backend failed.
#[derive(Debug, Error)]
pub enum K3sError {
    /// What it shares with other backends failed.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The engine cannot be used.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A command failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The cluster is not as it should be.
    #[error(transparent)]
    Nodes(#[from] NodesError),
    /// No image of a version is known.
    #[error("no image of k3s for this version is known")]
    NoImage,
    /// Containers of k3s are privileged, and this machine refuses that.
    #[error(
        "k3s needs privileged containers, which this machine's docker refuses; use a machine that allows them, or --backend container\n{0}"
    )]
    Privileges(String),
    /// A node did not start.
    #[error("node {node} did not start: {message}\n{log}")]
    Start {
        /// The container's name.
        node: String,
        /// What happened.
        message: String,
        /// What the container said last.
        log: String,
    },
    /// The kubeconfig or the address of the server cannot be had.
    #[error("{0}")]
    Cluster(String),
}

impl K3sError {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Outside(error) => error.code(),
            Self::Engine(_) => "docker-engine",
            Self::Process(error) => error.code(),
            Self::Nodes(error) => error.code(),
            Self::NoImage => "k3s-no-image",
            Self::Privileges(_) => "k3s-privileges",
            Self::Start { .. } => "k3s-start",
            Self::Cluster(_) => "k3s-cluster",
        }
    }

    /// A node that did not start, with the reason where it is known.
    pub(super) fn start(node: &str, message: String, log: &str) -> Self {
        let said = [message.as_str(), log];
        if UNPRIVILEGED.iter().any(|sign| said.iter().any(|text| text.contains(sign))) {
            return Self::Privileges(format!("{node}: {message}\n{}", last(log)));
        }
        Self::Start {
            node: node.to_owned(),
            message,
            log: last(log),
        }
    }
}

/// The end of a log, where the reason stands.
fn last(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

impl From<LedgerError> for K3sError {
    fn from(error: LedgerError) -> Self {
        Self::Outside(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_privileges_is_told_apart() {
        let log = "level=fatal msg=\"failed to evacuate root cgroup: mkdir /sys/fs/cgroup/init: read-only file system\"";
        assert_eq!(
            K3sError::start("a", "it ended before it was ready".to_owned(), log).code(),
            "k3s-privileges"
        );
        assert_eq!(
            K3sError::start("a", "not ready after 300 s".to_owned(), "level=info").code(),
            "k3s-start"
        );
    }
}
