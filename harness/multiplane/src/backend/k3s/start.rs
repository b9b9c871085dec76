//! Making one cluster: each node written down, started and joined; then images, and the resident.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

use flyte::workflow::TASK_IMAGE;

use super::K3sError;
use super::container::{KUBECONFIG, NODE_PORTS, Node, Part};
use super::import::Ctr;
use super::world::Ground;
use crate::backend::docker::{free_ports, launch, localise};
use crate::backend::ledger::{Resource, ResourceKind};
use crate::backend::nodes::resident::{Place, put};
use crate::backend::nodes::{Import, NodeCluster, Ports, ready};
use crate::backend::{Cluster, ClusterSpec, Vantage};
use crate::{probe, resident};

/// Until a node must say that it is ready: its image may have to be pulled first.
const STARTUP: Duration = Duration::from_secs(600);
/// The API's port of the host, and those of node ports.
const PUBLISHED: usize = 1 + (NODE_PORTS.end - NODE_PORTS.start) as usize;

/// Starts a cluster: ready when all its nodes are, and its DNS answers.
pub(super) async fn start(ground: &Ground, spec: &ClusterSpec) -> Result<NodeCluster, K3sError> {
    let (server, network) = (ground.server(&spec.id), ground.name());
    let image = ground.backend.0.tags.image(spec).ok_or(K3sError::NoImage)?;
    let ports = free_ports::<PUBLISHED>().map_err(|error| K3sError::Cluster(format!("no free port on loopback: {error}")))?;
    let [api, node_ports @ ..] = &ports;
    let token = secret();
    let node = |name, part| Node {
        name,
        image: &image,
        part,
        network: &network,
        run: ground.backend.0.session.ledger().run(),
        token: &token,
        data: ground.data.as_deref(),
    };
    let _permit = ground.belongings.session().permits().acquire().await;
    ground.belongings.begun(&spec.id, &server);
    run(ground, &node(&server, Part::Server { api: *api, node_ports })).await?;
    let agents: Vec<String> = (2..=spec.nodes).map(|number| format!("{server}-{number}")).collect();
    for agent in &agents {
        run(ground, &node(agent, Part::Agent(&server))).await?;
    }
    let docker = ground.belongings.docker();
    let file = ground.belongings.folder().join(format!("{}.kubeconfig", spec.id));
    docker.copy_out(&server, KUBECONFIG, &file).await?;
    let kubeconfig = localise(&file, &format!("https://127.0.0.1:{api}")).map_err(K3sError::Cluster)?;
    // Not its name: pods of k3s ask no name server of docker's, since that one is on the node's loopback.
    let address = docker.address(&server, &network).await?;
    let ports = Ports::new(docker.ports(&server).await?);
    let cluster = NodeCluster::new(&spec.id, &address, kubeconfig, ports)
        .await
        .map_err(K3sError::Cluster)?;
    let nodes = std::iter::once(server.clone()).chain(agents).collect();
    let import = Arc::new(Ctr {
        docker: docker.clone(),
        nodes,
    });
    for archive in ground.backend.0.stock.images.archives(&docker).await? {
        import.import(&server, &archive.file).await?;
        ground.belongings.note(format!("{}: {} loaded", spec.id, archive.title));
    }
    ready(&cluster.admin(), &server, spec.nodes.max(1)).await?;
    if ground.data.is_none() {
        return Ok(cluster);
    }
    let shared = &ground.backend.0;
    let loader = shared.stock.loader(import, docker, &server);
    let known = [resident::IMAGE, probe::IMAGE, TASK_IMAGE].map(str::to_owned).into();
    loader.load(&known).await?;
    // Drawn first, so that it is a port which the host reaches.
    let cluster = cluster.with_planes(loader, shared.stock.placer);
    let way_in = cluster.ingress(Vantage::Host);
    let place = Place {
        authority: &ground.authority,
        id: &spec.id,
        node: &address,
        client: &cluster.admin(),
        way_in: &way_in,
    };
    put(&place).await?;
    Ok(cluster)
}

/// Starts one node's container.
async fn run(ground: &Ground, node: &Node<'_>) -> Result<(), K3sError> {
    let docker = ground.belongings.docker();
    let resource = Resource::new(ResourceKind::Container, node.name).by(docker.program());
    ground.belongings.announce(resource)?;
    let started = launch(&docker, node.name, node.request(), STARTUP).await;
    started.map_err(|failed| K3sError::start(node.name, failed.message, &failed.log))
}

/// What agents show to join: nobody can guess it.
fn secret() -> String {
    // Every `RandomState` has keys of the operating system's.
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}
