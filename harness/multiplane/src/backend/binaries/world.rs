//! One scenario's clusters.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use ::binaries::Binaries;
use flyte::stores::Stores;
use futures::FutureExt;
use futures::future::BoxFuture;
use simnet::tls::Authority;
use simnet::{Clock, Host, Network};
use virtual_node::Programs;

use super::start::{Plane, start};
use super::{BinariesBackend, BinariesError};
use crate::backend::ledger::create_private;
use crate::backend::outside::Belongings;
use crate::backend::{BackendError, Capabilities, Cluster, ClusterSpec, End, Ended, Placer, World};
use crate::programs;

/// One scenario's clusters, on a network of this process.
pub struct BinariesWorld(Ground);

/// What the clusters of a world stand on.
pub(super) struct Ground {
    backend: BinariesBackend,
    pub(super) belongings: Belongings,
    pub(super) authority: Authority,
    pub(super) seed: u64,
    pub(super) network: Network,
    pub(super) clock: Clock,
    pub(super) programs: Programs,
    planes: Mutex<Vec<Arc<Plane>>>,
}

impl Ground {
    pub(super) fn binaries(&self) -> &Binaries {
        &self.backend.0.binaries
    }

    /// Remembers a control plane, to end it.
    pub(super) fn keep(&self, plane: &Arc<Plane>) {
        self.planes.lock().unwrap_or_else(PoisonError::into_inner).push(plane.clone());
    }

    /// Ends all control planes; what they wrote is kept if the scenario failed.
    fn end(&self, end: End) -> Vec<String> {
        let planes = std::mem::take(&mut *self.planes.lock().unwrap_or_else(PoisonError::into_inner));
        let logs = self.belongings.logs();
        let mut notes = Vec::new();
        for plane in planes {
            for log in plane.end().into_iter().filter(|_| end == End::Failed) {
                notes.push(keep_log(&logs, &plane.id, &log));
            }
        }
        notes
    }
}

/// Copies a program's log to where logs are kept, and says where that is.
fn keep_log(folder: &Path, id: &str, log: &Path) -> String {
    let name = log.file_name().unwrap_or_default().to_string_lossy();
    let file = folder.join(format!("{id}-{name}"));
    let kept = create_private(folder).and_then(|()| std::fs::copy(log, &file));
    match kept {
        Ok(_) => format!("log of {id}: {}", file.display()),
        Err(error) => format!("no log of {id}: {}: {error}", file.display()),
    }
}

impl BinariesWorld {
    pub(super) fn new(backend: &BinariesBackend, scenario: usize, seed: u64) -> Result<Self, BinariesError> {
        let clock = Clock::real();
        let authority = Authority::new("multiplane", &clock).map_err(::binaries::StartError::from)?;
        Ok(Self(Ground {
            belongings: backend.0.session.scenario(scenario)?,
            backend: backend.clone(),
            authority,
            seed,
            network: Network::loopback(clock.clone()),
            clock,
            programs: programs::over(Stores::new()),
            planes: Mutex::default(),
        }))
    }
}

impl World for BinariesWorld {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            backend: "binaries",
            virtual_time: false,
            placed_by: Placer::Reference,
        }
    }

    fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn operator(&self) -> Host {
        self.0.network.host("operator", "operator")
    }

    fn links(&self) -> Option<&Network> {
        Some(&self.0.network)
    }

    fn trust(&self) -> &str {
        self.0.authority.pem()
    }

    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        async move {
            let started = start(&self.0, spec).await;
            let failed = |error: BinariesError| BackendError::Start {
                cluster: spec.id.clone(),
                message: error.to_string(),
            };
            Ok(Arc::new(started.map_err(failed)?) as Arc<dyn Cluster>)
        }
        .boxed()
    }

    fn end(&self, end: End) -> BoxFuture<'_, Ended> {
        async move {
            let notes = self.0.end(end);
            let made = self.0.belongings.close().await;
            let mut ended = self.0.belongings.settle(made, end).await;
            ended.notes.extend(notes);
            ended
        }
        .boxed()
    }
}
