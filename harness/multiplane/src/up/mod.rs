//! `multiplane up`: a world in real time that programs outside can use, until it is told to end.

mod env;
mod page;

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flyte::stores::{PublishedAws, PublishedObjects, Stores};
use scenario::{Role, Verb};
use simnet::{Host, Listener};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::backend::{BackendError, Cluster, Embedded, End, Vantage, World};
use crate::forward::Forward;
use crate::journal::{Emitter, Journal, Kept, Level};
use crate::local::Locals;
use crate::run::step::failure::Failure;
use crate::run::step::fault::FaultsInForce;
use crate::run::{Clusters, Context, Plan, Provider, create, run_and_end, step};
use crate::verdict::Witness;
use env::Env;
use page::{Looked, Page};

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
    /// The harness itself failed.
    #[error("the harness failed; please report it")]
    Fault,
    /// No socket for the admin API or the object store can be had.
    #[error("cannot listen on loopback: {0}")]
    Listen(std::io::Error),
}

/// How a world that was held up came down.
#[derive(Debug)]
pub struct Down {
    /// Whether it was up until it was told to end.
    pub held: Result<(), UpError>,
    /// What could not be removed outside of this process.
    pub left: Vec<String>,
}

/// Brings a scenario's world up in real time, runs its steps before the first `submit` or `expect`, writes the files that other programs
/// need below `dir`, and holds the world until `stop`. Then everything that it made outside of this process is removed, or kept.
///
/// `dir/kubeconfigs/<cluster>.yaml`, `dir/env.json` and, last, `dir/ready` are written; `ready` is taken away first.
pub async fn up(plan: &Plan, provider: &Provider, dir: &Path, told: (&Journal, &Kept), stop: &CancellationToken) -> Down {
    let (journal, _) = told;
    // Worlds outside of this process have stores of their own.
    let stores = matches!(provider, Provider::Embedded | Provider::Local(_)).then(Stores::new);
    let world = match (provider, &stores) {
        (Provider::Outside(backend), _) => backend.world(0, plan.seed),
        (here, stores) => {
            let locals = match here {
                Provider::Local(locals) => locals.clone(),
                _ => Locals::default(),
            };
            let stores = stores.clone().unwrap_or_default();
            Embedded::with_locals(plan.seed, &stores, &locals).map(|world| Box::new(world) as Box<dyn World>)
        }
    };
    let world = match world {
        Ok(world) => world,
        Err(error) => {
            return Down {
                held: Err(error.into()),
                left: Vec::new(),
            };
        }
    };
    let (held, left) = run_and_end(
        plan,
        world.as_ref(),
        journal,
        hold(plan, world.as_ref(), stores.as_ref(), dir, told, stop),
        |held| match held {
            Ok(()) => End::Passed,
            Err(_) => End::Failed,
        },
    )
    .await;
    let held = held.unwrap_or(Err(UpError::Fault));
    Down { held, left }
}

async fn hold(
    plan: &Plan,
    world: &dyn World,
    stores: Option<&Stores>,
    dir: &Path,
    (journal, kept): (&Journal, &Kept),
    stop: &CancellationToken,
) -> Result<(), UpError> {
    journal.begin(1, None);
    let emitter = journal.scenario(plan.name(), world.clock().clone());
    let faults = FaultsInForce::default();
    let held = tokio::select! {
        biased;
        () = stop.cancelled() => Ok(None),
        held = prepare(plan, world, stores, dir, (&emitter, kept), &faults) => held.map(Some),
    };
    if let Ok(Some(_)) = &held {
        stop.cancelled().await;
    }
    let held = held.map(|held| held.map_or((), Held::release));
    faults.heal_all(&emitter).await;
    held
}

/// Port of the object store in the world's own network.
const OBJECTS: u16 = 9000;

/// Port of STS and S3 there.
const AWS: u16 = 9001;

/// What must live as long as the world.
struct Held {
    ready: PathBuf,
    _clusters: Clusters,
    _forwards: Vec<Forward>,
    _objects: Option<PublishedObjects>,
    _aws: Option<PublishedAws>,
    _page: Page,
}

impl Held {
    /// Takes the `ready` file away, so that nobody takes the world for alive.
    fn release(self) {
        let _ = std::fs::remove_file(&self.ready);
    }
}

async fn prepare(
    plan: &Plan,
    world: &dyn World,
    stores: Option<&Stores>,
    dir: &Path,
    (emitter, kept): (&Emitter, &Kept),
    faults: &FaultsInForce,
) -> Result<Held, UpError> {
    let ready = dir.join("ready");
    let _ = std::fs::remove_file(&ready);
    let objects = match stores {
        Some(stores) => Some(publish(stores, world).await?),
        None => None,
    };
    emitter.emit(plan.started(world.capabilities().backend));
    let clusters = create(plan, world, emitter).await?;
    let witness = Witness::start([]);
    let mut context = Context::new(plan, world, clusters.clone(), witness, emitter.clone(), faults.clone());
    for (index, step) in plan.loaded.scenario.steps.iter().enumerate() {
        if matches!(step.verb, Verb::Submit(_) | Verb::Expect(_)) {
            break;
        }
        step::run(&mut context, index)
            .await
            .map_err(|failure: Failure| UpError::Step(index + 1, failure.text()))?;
    }
    let aws = match stores.filter(|stores| stores.account().id().is_some()) {
        Some(stores) => Some(publish_aws(stores, world).await?),
        None => None,
    };
    let mut env = Env::default();
    if let Some(aws) = &aws {
        env.aws(aws.base());
    }
    if let Some(objects) = &objects {
        env.object_store(objects.base());
    }
    for cluster in clusters.values() {
        let file = dir.join("kubeconfigs").join(format!("{}.yaml", cluster.id()));
        let text = yaml::emit::to_string(&cluster.kubeconfig()?)
            .map_err(|error| UpError::Kubeconfig(cluster.id().to_owned(), error.to_string()))?;
        write(&file, &text)?;
        env.cluster(cluster.id(), &file, cluster.api(Vantage::Host));
    }
    let controlplane = plan.loaded.scenario.clusters_of(Role::Controlplane).next();
    let looked = Looked {
        told: kept.clone(),
        witness: Witness::start(clusters.values().map(|cluster| (cluster.id(), cluster.client()))),
        admin: controlplane.and_then(|_| context.admin().ok()),
        placed_by: world.capabilities().placed_by.name(),
        clock: world.clock().clone(),
        secrets: emitter.secrets().clone(),
    };
    let page = Page::start(looked).await.map_err(UpError::Listen)?;
    env.page(&page.url());
    emitter.note(Level::Info, format!("where executions are: {}", page.url()));
    let mut forwards = Vec::new();
    if let Some((id, _)) = controlplane {
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
        _aws: aws,
        _page: page,
    })
}

/// A loopback socket for the object store, which signed URLs lead to.
async fn publish(stores: &Stores, world: &dyn World) -> Result<PublishedObjects, UpError> {
    let (listener, base) = listen(world, OBJECTS).await?;
    Ok(stores.publish(listener, &base, world.clock().clone()))
}

/// A loopback socket for STS and S3 of the world's account.
async fn publish_aws(stores: &Stores, world: &dyn World) -> Result<PublishedAws, UpError> {
    let (listener, base) = listen(world, AWS).await?;
    Ok(stores.publish_aws(listener, &base, world.clock().clone()))
}

/// A port of the operator's machine, and its URL outside.
async fn listen(world: &dyn World, port: u16) -> Result<(Listener, String), UpError> {
    let listener = world.operator().listen(port).await.map_err(UpError::Listen)?;
    let none = || UpError::Listen(std::io::Error::other("the world has no sockets"));
    let base = format!("http://{}", listener.socket_addr().ok_or_else(none)?);
    Ok((listener, base))
}

/// A loopback socket for a port of flyteadmin's Service, in the namespace that the guide uses.
async fn forward(operator: &Host, cluster: &Arc<dyn Cluster>, port: u16) -> Result<Forward, UpError> {
    let target = cluster.service("flyte", "flyteadmin", port, Vantage::Host);
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Forward::start(any, operator.clone(), target).await.map_err(UpError::Listen)
}

/// Writes a file for this user alone: kubeconfigs are keys.
fn write(file: &Path, text: &str) -> Result<(), UpError> {
    let write = || {
        file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        // A file that is there keeps the rights that it has.
        remove(file)?;
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)?
            .write_all(text.as_bytes())
    };
    write().map_err(|error| UpError::Write(file.to_owned(), error))
}

fn remove(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
