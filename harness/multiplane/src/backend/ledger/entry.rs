//! Lines of a ledger.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Life;

/// Version of the format.
pub(super) const VERSION: u32 = 1;

/// One line of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "camelCase")]
pub enum Line {
    /// The run begins; always the first line.
    Begin {
        /// Format version.
        v: u32,
        /// The run's id.
        run: String,
        /// The process that runs it.
        life: Life,
        /// When.
        at: Timestamp,
    },
    /// A resource is about to be made.
    Create {
        /// Which.
        resource: Resource,
        /// When.
        at: Timestamp,
    },
    /// A process makes a resource; it leads a group of its own.
    Process {
        /// Which.
        life: Life,
    },
    /// A resource is kept on purpose.
    Keep {
        /// Which.
        resource: Resource,
    },
    /// A resource is gone.
    Gone {
        /// Which.
        resource: Resource,
        /// When.
        at: Timestamp,
    },
}

/// Something outside of this process.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// What it is, and so how to remove it.
    pub kind: ResourceKind,
    /// Its name; a folder's path.
    pub name: String,
    /// The program that removes it, where it is not the one found in `PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<PathBuf>,
}

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ResourceKind {
    /// What a scenario makes in a cluster that stays; the name is the folder of its files (`backend::existing`).
    ClusterObjects,
    /// A cluster that `kind` made.
    KindCluster,
    /// A container.
    Container,
    /// A docker volume.
    Volume,
    /// A docker network. Containers use it, so they go first.
    Network,
    /// A docker image that the harness built or tagged.
    Image,
    /// A folder with all that is in it.
    Folder,
}

impl Resource {
    /// A resource.
    pub fn new(kind: ResourceKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            program: None,
        }
    }

    /// A folder.
    pub fn folder(path: &Path) -> Self {
        Self::new(ResourceKind::Folder, path.display().to_string())
    }

    /// The same, removed by this program in place of the one found in `PATH`.
    #[must_use]
    pub fn by(self, program: &Path) -> Self {
        Self {
            program: Some(program.to_owned()),
            ..self
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ResourceKind::ClusterObjects => "objects in an existing cluster, recorded in",
            ResourceKind::KindCluster => "kind cluster",
            ResourceKind::Container => "container",
            ResourceKind::Volume => "docker volume",
            ResourceKind::Network => "docker network",
            ResourceKind::Image => "image",
            ResourceKind::Folder => "folder",
        };
        write!(f, "{kind} {}", self.name)
    }
}
