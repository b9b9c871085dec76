//! `multiplane up`: a world in real time that programs outside can use, until it is told to end.

mod env;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flyte::stores::{PublishedObjects, Stores};
use indexmap::IndexMap;
use scenario::{Role, Verb};
use simnet::Host;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::backend::{BackendError, Cluster, Embedded, Time, Vantage, World};
use crate::forward::Forward;
use crate::journal::{Emitter, Journal};
use crate::programs;
use crate::run::step::failure::Failure;
use crate::run::{Context, Plan, create, step};
use crate::verdict::Witness;
use env::Env;

/// Why a world could not be held up.
#[derive(Debug, Error)]
pub enum UpError {
    /// The clusters did not start.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A step failed.
    #[error("step {0} failed: {1}")]
    Step(usize, String),
    /// The files for other programs cannot be written.
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, std::io::Error),
    /// A kubeconfig cannot be written as text.
    #[error("cannot make the kubeconfig of {0}: {1}")]
    Kubeconfig(String, String),
    /// No socket for the admin API or the object store can be had.
    #[error("cannot listen on loopback: {0}")]
    Listen(std::io::Error),
}

/// Brings a scenario's world up in real time, runs its steps before the first `submit` or `expect`, writes the files that other programs
/// need below `dir`, and holds the world until `stop`.
///
/// `dir/kubeconfigs/<cluster>.yaml`, `dir/env.json` and, last, `dir/ready` are written; `ready` is taken away first.
///
/// # Errors
/// If a cluster does not start, a step fails, or the files cannot be written.
pub async fn up(plan: &Plan, dir: &Path, journal: &Journal, stop: &CancellationToken) -> Result<(), UpError> {
    let stores = Stores::new();
    let world = Embedded::new(Time::Real, plan.seed, programs::over(stores.clone()))?;
    let objects = publish(&stores, &world).await?;
    let emitter = journal.scenario(plan.name(), world.clock().clone());
    let clusters = create(plan, &world, &emitter).await?;
    let held = tokio::select! {
        biased;
        () = stop.cancelled() => return Ok(()),
        held = prepare(plan, &world, clusters, dir, emitter, objects) => held?,
    };
    stop.cancelled().await;
    held.release();
    Ok(())
}

/// Port of the object store in the world's own network.
const OBJECTS: u16 = 9000;

/// What must live as long as the world.
struct Held {
    ready: PathBuf,
    _clusters: IndexMap<String, Arc<dyn Cluster>>,
    _forwards: Vec<Forward>,
    _objects: PublishedObjects,
}

impl Held {
    /// Takes the `ready` file away, so that nobody takes the world for alive.
    fn release(self) {
        let _ = std::fs::remove_file(&self.ready);
    }
}

async fn prepare(
    plan: &Plan,
    world: &Embedded,
    clusters: IndexMap<String, Arc<dyn Cluster>>,
    dir: &Path,
    emitter: Emitter,
    objects: PublishedObjects,
) -> Result<Held, UpError> {
    let ready = dir.join("ready");
    let _ = std::fs::remove_file(&ready);
    let witness = Witness::start([]);
    let mut context = Context::new(plan, world, clusters.clone(), witness, emitter);
    for (index, step) in plan.loaded.scenario.steps.iter().enumerate() {
        if matches!(step.verb, Verb::Submit(_) | Verb::Expect(_)) {
            break;
        }
        step::run(&mut context, index)
            .await
            .map_err(|failure: Failure| UpError::Step(index + 1, failure.text()))?;
    }
    let mut env = Env::default();
    env.object_store(objects.base());
    for cluster in clusters.values() {
        let file = dir.join("kubeconfigs").join(format!("{}.yaml", cluster.id()));
        let text = yaml::emit::to_string(&cluster.kubeconfig()?)
            .map_err(|error| UpError::Kubeconfig(cluster.id().to_owned(), error.to_string()))?;
        write(&file, &text)?;
        env.cluster(cluster.id(), &file, cluster.api(Vantage::Host));
    }
    let mut forwards = Vec::new();
    if let Some((id, _)) = plan.loaded.scenario.clusters_of(Role::Controlplane).next() {
        let grpc = forward(&world.operator(), &clusters[id], 81).await?;
        let http = forward(&world.operator(), &clusters[id], 80).await?;
        env.admin(grpc.address(), http.address());
        forwards.extend([grpc, http]);
    }
    write(&dir.join("env.json"), &env.to_json())?;
    write(&ready, "")?;
    Ok(Held {
        ready,
        _clusters: clusters,
        _forwards: forwards,
        _objects: objects,
    })
}

/// A loopback socket for the object store, which signed URLs lead to.
async fn publish(stores: &Stores, world: &Embedded) -> Result<PublishedObjects, UpError> {
    let io = |error: String| UpError::Listen(std::io::Error::other(error));
    let listener = world.operator().listen(OBJECTS).await.map_err(|error| io(error.to_string()))?;
    let address = listener.socket_addr().ok_or_else(|| io("the world has no sockets".to_owned()))?;
    Ok(stores.publish(listener, &format!("http://{address}"), world.clock().clone()))
}

/// A loopback socket for a port of flyteadmin's Service, in the namespace that the guide uses.
async fn forward(operator: &Host, cluster: &Arc<dyn Cluster>, port: u16) -> Result<Forward, UpError> {
    let target = cluster.service("flyte", "flyteadmin", port, Vantage::Host);
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Forward::start(any, operator.clone(), target).await.map_err(UpError::Listen)
}

fn write(file: &Path, text: &str) -> Result<(), UpError> {
    let failed = |error| UpError::Write(file.to_owned(), error);
    file.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
    std::fs::write(file, text).map_err(failed)
}
