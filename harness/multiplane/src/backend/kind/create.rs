//! Making one cluster: written down, made, checked, and made again where the machine was at fault.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube::config::Kubeconfig;

use flyte::workflow::TASK_IMAGE;

use super::tool::Creation;
use super::world::KindWorld;
use super::{Kind, KindError, Signature, names};
use crate::backend::ledger::{Resource, ResourceKind};
use crate::backend::nodes::resident::{Place, put};
use crate::backend::nodes::{Import, NodeCluster, NodesError, Ports, ready};
use crate::backend::{Cluster, ClusterSpec, Vantage};
use crate::{probe, resident};

/// Pauses before the second and third attempt.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(5)];

/// Makes a cluster, in up to three attempts.
pub(super) async fn create(world: &KindWorld, spec: &ClusterSpec) -> Result<NodeCluster, KindError> {
    let network = world.docker_network().await?;
    let name = names::cluster(&world.belongings.name(), &spec.id);
    let shared = &world.backend.0;
    let folder = world.belongings.folder();
    let config = folder.join(format!("{}.kind.yaml", spec.id));
    let text = shared
        .configs
        .generate(spec, shared.session.ledger().run(), shared.host, world.data.as_deref())?;
    std::fs::write(&config, text).map_err(|error| KindError::file(&config, error))?;
    let mut pauses = PAUSES.iter();
    let mut attempt = 1;
    loop {
        // A file for each attempt: one that died may have left its file locked.
        let made = one(
            world,
            spec,
            &Attempt {
                name: &name,
                network,
                config: &config,
                number: attempt,
            },
        )
        .await;
        let error = match made {
            Ok(cluster) => return Ok(cluster),
            Err(error) => error,
        };
        let Some(pause) = pauses.next().filter(|_| error.retry()) else {
            return Err(error);
        };
        let first = error.to_string().lines().next().unwrap_or_default().to_owned();
        world
            .belongings
            .note(format!("{}: attempt {attempt} failed, and is made again: {first}", spec.id));
        world.kind.delete(&name, &folder.join("deleted.kubeconfig")).await?;
        tokio::time::sleep(*pause).await;
        attempt += 1;
    }
}

struct Attempt<'a> {
    name: &'a str,
    network: &'a str,
    config: &'a PathBuf,
    number: usize,
}

async fn one(world: &KindWorld, spec: &ClusterSpec, attempt: &Attempt<'_>) -> Result<NodeCluster, KindError> {
    let shared = &world.backend.0;
    let image = shared.configs.image(spec)?;
    let kubeconfig = world.belongings.folder().join(match attempt.number {
        1 => format!("{}.kubeconfig", spec.id),
        number => format!("{}-{number}.kubeconfig", spec.id),
    });
    let creation = Creation {
        name: attempt.name,
        config: attempt.config,
        image: image.as_deref(),
        kubeconfig: &kubeconfig,
        network: attempt.network,
    };
    {
        let _permit = world.belongings.session().permits().acquire().await;
        let resource = Resource::new(ResourceKind::KindCluster, attempt.name).by(world.kind.program());
        world.belongings.announce(resource)?;
        if attempt.number == 1 {
            world.belongings.begun(&spec.id, attempt.name);
        }
        let output = world.kind.create(&creation).await.map_err(KindError::of)?;
        if let Some(signature) = Signature::of(&output.stderr) {
            let error = format!("kind ended well, but said:\n{}", output.stderr.trim_end());
            return Err(KindError::Known { signature, error });
        }
    }
    let unusable = |message: String| KindError::Kubeconfig {
        cluster: attempt.name.to_owned(),
        message,
    };
    let read = Kubeconfig::read_from(&kubeconfig).map_err(|error| unusable(error.to_string()))?;
    let node = names::control_plane(attempt.name);
    let ports = Ports::new(world.belongings.docker().ports(&node).await?);
    let cluster = NodeCluster::new(&spec.id, &node, read, ports).await.map_err(unusable)?;
    load(world, &spec.id, attempt.name).await?;
    let nodes = if spec.nodes > 1 { spec.nodes + 1 } else { 1 };
    ready(&cluster.admin(), attempt.name, nodes).await?;
    if world.data.is_none() {
        return Ok(cluster);
    }
    let import = Arc::new(world.kind.clone());
    let loader = shared.stock.loader(import, world.belongings.docker(), attempt.name);
    let known = [resident::IMAGE, probe::IMAGE, TASK_IMAGE].map(str::to_owned).into();
    loader.load(&known).await?;
    // Drawn first, so that it is a port which the host reaches.
    let cluster = cluster.with_planes(loader, shared.stock.placer);
    let way_in = cluster.ingress(Vantage::Host);
    let place = Place {
        authority: &world.authority,
        id: &spec.id,
        node: &node,
        client: &cluster.admin(),
        way_in: &way_in,
    };
    put(&place).await?;
    Ok(cluster)
}

/// Loads the run's images.
async fn load(world: &KindWorld, id: &str, name: &str) -> Result<(), KindError> {
    for archive in world.backend.0.stock.images.archives(&world.belongings.docker()).await? {
        world.kind.load(name, &archive.file).await.map_err(KindError::of)?;
        world.belongings.note(format!("{id}: {} loaded", archive.title));
    }
    Ok(())
}

impl Import for Kind {
    fn import<'a>(&'a self, cluster: &'a str, archive: &'a Path) -> BoxFuture<'a, Result<(), NodesError>> {
        async move {
            let loaded = self.load(cluster, archive).await.map_err(KindError::of);
            loaded.map(drop).map_err(|error| NodesError::Import {
                retry: error.retry(),
                message: error.to_string(),
            })
        }
        .boxed()
    }
}
