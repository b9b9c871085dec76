//! Images for the nodes of k3s, each of which keeps its own.

use std::path::Path;

use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};

use crate::backend::docker::Docker;
use crate::backend::nodes::{Import, NodesError};
use crate::backend::process::ProcessError;

/// Where an archive is put in a node.
const ARCHIVE: &str = "/tmp/multiplane-images.tar";

/// Imports archives with the node's own `ctr`.
#[derive(Debug)]
pub(super) struct Ctr {
    pub(super) docker: Docker,
    /// The containers of the cluster's nodes.
    pub(super) nodes: Vec<String>,
}

impl Ctr {
    async fn node(&self, node: &str, archive: &Path) -> Result<(), ProcessError> {
        self.docker.copy_in(node, archive, ARCHIVE).await?;
        self.docker
            .exec(node, &["ctr", "--namespace", "k8s.io", "images", "import", ARCHIVE])
            .await?;
        self.docker.exec(node, &["rm", ARCHIVE]).await
    }
}

impl Import for Ctr {
    fn import<'a>(&'a self, _: &'a str, archive: &'a Path) -> BoxFuture<'a, Result<(), NodesError>> {
        async move {
            let imports = self.nodes.iter().map(async |node| self.node(node, archive).await);
            try_join_all(imports).await.map(drop).map_err(NodesError::from)
        }
        .boxed()
    }
}
