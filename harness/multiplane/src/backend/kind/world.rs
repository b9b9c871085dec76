//! One scenario's clusters.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use simnet::{Clock, Host, Machine, Network};
use tokio::sync::OnceCell;

use super::backend::left;
use super::{Keep, Kind, KindBackend, KindError, create, names};
use crate::backend::docker::Docker;
use crate::backend::gc::{Remover, in_order};
use crate::backend::ledger::{LABEL, Resource, ResourceKind, create_private};
use crate::backend::process::Runner;
use crate::backend::{BackendError, Capabilities, Cluster, ClusterSpec, End, Ended, World};

/// One scenario's clusters, on a docker network of their own.
#[derive(Debug)]
pub struct KindWorld {
    pub(super) backend: KindBackend,
    pub(super) kind: Kind,
    pub(super) docker: Docker,
    pub(super) folder: PathBuf,
    /// Tells the run's worlds apart in names.
    pub(super) name: String,
    runner: Runner,
    scenario: usize,
    clock: Clock,
    network: Network,
    docker_network: OnceCell<String>,
    made: Mutex<Made>,
}

#[derive(Debug, Default)]
struct Made {
    resources: Vec<Resource>,
    /// Cluster's id and name.
    clusters: Vec<(String, String)>,
    notes: Vec<String>,
}

impl KindWorld {
    pub(super) fn new(backend: KindBackend, scenario: usize) -> Result<Self, KindError> {
        let runner = Runner::default();
        let shared = &backend.0;
        let folder = shared.folder.join(scenario.to_string());
        create_private(&folder).map_err(|error| KindError::File {
            file: folder.clone(),
            error,
        })?;
        let clock = Clock::real();
        Ok(Self {
            kind: Kind::new(runner.clone(), &shared.settings.kind),
            docker: Docker::new(runner.clone(), &shared.settings.docker),
            name: format!("{}-{scenario}", shared.ledger.run()),
            network: Network::gateway(clock.clone(), Arc::new(Machine)),
            folder,
            runner,
            scenario,
            clock,
            docker_network: OnceCell::new(),
            made: Mutex::default(),
            backend,
        })
    }

    /// The world's docker network, made before its first cluster.
    pub(super) async fn docker_network(&self) -> Result<&str, KindError> {
        let made = self.docker_network.get_or_try_init(|| async {
            let name = names::network(&self.name);
            self.announce(Resource::new(ResourceKind::Network, &name).by(self.docker.program()))?;
            let label = format!("{LABEL}={}", self.backend.0.ledger.run());
            self.docker.create_network(&name, &label).await.map_err(KindError::of)?;
            Ok::<_, KindError>(name)
        });
        made.await.map(String::as_str)
    }

    /// Writes down what is about to be made.
    pub(super) fn announce(&self, resource: Resource) -> Result<(), KindError> {
        self.backend.0.ledger.announce(&resource)?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.resources.contains(&resource) {
            made.resources.push(resource);
        }
        Ok(())
    }

    /// Remembers a cluster whose logs can be had.
    pub(super) fn begun(&self, id: &str, name: &str) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.clusters.push((id.to_owned(), name.to_owned()));
    }

    pub(super) fn note(&self, text: String) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).notes.push(text);
    }

    fn take_made(&self) -> Made {
        std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn finish(&self, end: End) -> Ended {
        // Commands that the scenario no longer waits for come to their end first: what they make must not appear after the clean-up.
        self.runner.idle().await;
        let mut made = self.take_made();
        let mut ended = Ended {
            notes: std::mem::take(&mut made.notes),
            left: Vec::new(),
        };
        if end == End::Failed {
            self.export_logs(&made.clusters, &mut ended.notes).await;
        }
        let keep = match self.backend.0.settings.keep {
            Keep::Never => false,
            Keep::Failed => end == End::Failed,
            Keep::Always => true,
        };
        if keep && !made.resources.is_empty() {
            self.keep(&made, &mut ended);
        } else {
            self.remove(made.resources, &mut ended.left).await;
        }
        ended
    }

    async fn export_logs(&self, clusters: &[(String, String)], notes: &mut Vec<String>) {
        let folder = self.backend.logs(self.scenario);
        // A creation that failed leaves nothing whose logs could be had.
        let there = match self.kind.clusters().await {
            Ok(there) => there,
            Err(error) => return notes.push(format!("no logs of the clusters' nodes: {error}")),
        };
        let clusters = clusters.iter().filter(|(_, name)| there.contains(name));
        let exports = clusters.map(async |(id, name)| {
            let into = folder.join(id);
            match create_private(&into) {
                Ok(()) => match self.kind.export_logs(name, &into).await {
                    Ok(()) => format!("logs of {id}: {}", into.display()),
                    Err(error) => format!("logs of {id}, not all of them: {}: {error}", into.display()),
                },
                Err(error) => format!("no logs of {id}: {}: {error}", into.display()),
            }
        });
        notes.extend(join_all(exports).await);
    }

    fn keep(&self, made: &Made, ended: &mut Ended) {
        for resource in &made.resources {
            if let Err(error) = self.backend.0.ledger.keep(resource) {
                ended.left.push(format!("{resource} is kept, but: {error}"));
            }
        }
        let names: Vec<&str> = made.clusters.iter().map(|(_, name)| name.as_str()).collect();
        ended.notes.push(format!(
            "kept: {}; kubeconfigs in {}; `multiplane gc --all` removes them",
            names.join(", "),
            self.folder.display()
        ));
    }

    /// Clusters side by side, then what they stood on.
    async fn remove(&self, mut resources: Vec<Resource>, left_over: &mut Vec<String>) {
        let remover = Remover::new(self.runner.clone(), self.docker.program());
        in_order(&mut resources, |resource| resource.kind);
        for group in resources.chunk_by(|a, b| a.kind == b.kind) {
            let removals = group.iter().map(async |resource| match remover.remove(resource).await {
                Ok(()) => self.backend.0.ledger.strike(resource).err().map(|error| error.to_string()),
                Err(error) => Some(left(resource, &error)),
            });
            left_over.extend(join_all(removals).await.into_iter().flatten());
        }
    }
}

impl World for KindWorld {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            backend: "kind",
            virtual_time: false,
            placed_by: "reference",
        }
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    fn operator(&self) -> Host {
        self.network.host("operator", "operator")
    }

    fn trust(&self) -> &str {
        // Every cluster has an authority of its own; nothing else is trusted.
        ""
    }

    fn has_ingress(&self) -> bool {
        false
    }

    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        async move {
            let made = create::create(self, spec).await;
            let failed = |error: KindError| BackendError::Start {
                cluster: spec.id.clone(),
                message: error.to_string(),
            };
            Ok(Arc::new(made.map_err(failed)?) as Arc<dyn Cluster>)
        }
        .boxed()
    }

    fn end(&self, end: End) -> BoxFuture<'_, Ended> {
        self.finish(end).boxed()
    }
}
