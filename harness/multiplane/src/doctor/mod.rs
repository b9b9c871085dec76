//! `multiplane doctor`: what a machine can run, before anything runs on it.
//!
//! [`host`] reads the machine into [`Facts`]; [`examine`] turns facts into checks without looking at anything else, so that every verdict
//! is tested on a table of machines.

mod checks;
mod docker;
mod facts;
pub mod host;
mod parse;
mod subnets;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use facts::{Docker, DockerFacts, Facts, FileLimit, Memory, Planned, Ports, Programs, Space, Started};
pub use subnets::{Pool, Subnet};

/// A backend as far as a machine must be made ready for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Clusters in this process.
    Embedded,
    /// Real etcd and kube-apiserver processes.
    Binaries,
    /// An embedded cluster in a container of ours.
    Container,
    /// kind clusters.
    Kind,
    /// Clusters of k3s in containers.
    K3s,
    /// Clusters that are there already.
    Existing,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Embedded,
        Self::Binaries,
        Self::Container,
        Self::Kind,
        Self::K3s,
        Self::Existing,
    ];
    /// Those that need Docker.
    pub(crate) const DOCKER: [Self; 3] = [Self::Container, Self::Kind, Self::K3s];
    /// Those whose nodes are real ones.
    pub(crate) const NODES: [Self; 2] = [Self::Kind, Self::K3s];

    /// As `--backend` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Binaries => "binaries",
            Self::Container => "container",
            Self::Kind => "kind",
            Self::K3s => "k3s",
            Self::Existing => "existing",
        }
    }
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Good.
    Ok,
    /// Works, with limits.
    Warn,
    /// The backends concerned cannot run.
    Fail,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub id: &'static str,
    /// How it came out.
    pub level: Level,
    /// The backends that it concerns.
    pub backends: Vec<Target>,
    /// What was found.
    pub found: String,
    /// What that means for these backends.
    pub means: String,
    /// The command, or the setting, that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Check {
    fn new(id: &'static str, level: Level, backends: &[Target], found: impl Into<String>, means: impl Into<String>) -> Self {
        Self {
            id,
            level,
            backends: backends.to_vec(),
            found: found.into(),
            means: means.into(),
            mend: None,
        }
    }

    fn mend(self, command: impl Into<String>) -> Self {
        Self {
            mend: Some(command.into()),
            ..self
        }
    }
}

/// Whether a backend can run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// Which.
    pub backend: Target,
    /// Whether this build of multiplane has it.
    pub in_this_build: bool,
    /// Whether it can run here.
    pub usable: bool,
    /// The ids of the checks that stand against it.
    pub because: Vec<&'static str>,
}

/// What facts mean.
#[derive(Clone, Debug, Serialize)]
pub struct Examination {
    /// All checks.
    pub checks: Vec<Check>,
    /// All backends.
    pub backends: Vec<Readiness>,
}

impl Examination {
    /// Whether a backend can run here.
    pub fn usable(&self, target: Target) -> bool {
        self.backends
            .iter()
            .any(|readiness| readiness.backend == target && readiness.usable)
    }
}

/// Judges a machine. `built` are the names of the backends that this build has.
pub fn examine(facts: &Facts, built: &[String]) -> Examination {
    let checks = checks::all(facts);
    let readiness = |backend: Target| {
        let against = checks
            .iter()
            .filter(|check| check.level == Level::Fail && check.backends.contains(&backend));
        let because: Vec<&'static str> = against.map(|check| check.id).collect();
        let in_this_build = built.iter().any(|name| name == backend.name());
        Readiness {
            backend,
            in_this_build,
            usable: in_this_build && because.is_empty(),
            because,
        }
    };
    let backends = Target::ALL.map(readiness).to_vec();
    Examination { checks, backends }
}
