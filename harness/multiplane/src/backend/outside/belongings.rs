//! What one scenario has outside of this process.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::join_all;

use super::{Keep, OutsideError, Session};
use crate::backend::docker::Docker;
use crate::backend::gc::{Remover, in_order};
use crate::backend::ledger::{LABEL, LedgerError, Resource, create_private};
use crate::backend::process::Runner;
use crate::backend::{End, Ended};

/// What one scenario has outside: everything that was announced, and a folder.
#[derive(Debug)]
pub(crate) struct Belongings {
    session: Session,
    scenario: usize,
    runner: Runner,
    folder: PathBuf,
    made: Mutex<Made>,
}

/// What was made, as far as the scenario came.
#[derive(Debug, Default)]
pub(crate) struct Made {
    resources: Vec<Resource>,
    /// Clusters whose logs may be had: id and name.
    pub(crate) clusters: Vec<(String, String)>,
    pub(crate) notes: Vec<String>,
}

impl Belongings {
    pub(super) fn new(session: Session, scenario: usize) -> Result<Self, OutsideError> {
        let folder = session.folder().join(scenario.to_string());
        create_private(&folder).map_err(|error| OutsideError::File {
            file: folder.clone(),
            error,
        })?;
        let ledger = session.ledger().clone();
        // What a killed run's commands still do, `gc` must know. One that cannot be written down is still ended with its group.
        let runner = Runner::telling(move |pid| drop(ledger.process(pid)));
        Ok(Self {
            session,
            scenario,
            runner,
            folder,
            made: Mutex::default(),
        })
    }

    /// What the run has.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Runs the scenario's commands, and knows when they have ended.
    pub(crate) fn runner(&self) -> &Runner {
        &self.runner
    }

    /// The `docker` command.
    pub(crate) fn docker(&self) -> Docker {
        Docker::new(self.runner.clone(), &self.session.settings().docker)
    }

    /// The folder of the scenario's files, which nobody else can read.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where logs of the scenario's clusters go.
    pub(crate) fn logs(&self) -> PathBuf {
        self.session.logs(self.scenario)
    }

    /// Tells the machine's scenarios apart in names.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.session.ledger().run(), self.scenario)
    }

    /// The label of all that can bear one.
    pub(crate) fn label(&self) -> String {
        format!("{LABEL}={}", self.session.ledger().run())
    }

    /// Writes down what is about to be made.
    pub(crate) fn announce(&self, resource: Resource) -> Result<(), LedgerError> {
        self.session.ledger().announce(&resource)?;
        let mut made = self.made();
        if !made.resources.contains(&resource) {
            made.resources.push(resource);
        }
        Ok(())
    }

    /// Remembers a cluster whose logs can be had.
    pub(crate) fn begun(&self, id: &str, name: &str) {
        self.made().clusters.push((id.to_owned(), name.to_owned()));
    }

    /// What people should know at the end.
    pub(crate) fn note(&self, text: String) {
        self.made().notes.push(text);
    }

    /// Ends clusters that are containers: their logs are kept if the scenario failed, then all that was made is removed or kept.
    #[cfg(feature = "docker")]
    pub(crate) async fn end_containers(&self, end: End) -> Ended {
        let mut made = self.close().await;
        if end == End::Failed {
            let logs = self.container_logs(&made.clusters).await;
            made.notes.extend(logs);
        }
        self.settle(made, end).await
    }

    /// Writes the logs of clusters that are containers to files, and tells where they are.
    #[cfg(feature = "docker")]
    async fn container_logs(&self, clusters: &[(String, String)]) -> Vec<String> {
        let folder = self.logs();
        if let Err(error) = create_private(&folder) {
            return vec![format!("no logs of the clusters: {}: {error}", folder.display())];
        }
        let docker = self.docker();
        let exports = clusters.iter().map(async |(id, container)| {
            let file = folder.join(format!("{id}.log"));
            let log = docker.logs(container).await.map_err(|error| error.to_string());
            match log.and_then(|log| std::fs::write(&file, log).map_err(|error| error.to_string())) {
                Ok(()) => format!("log of {id}: {}", file.display()),
                Err(error) => format!("no log of {id}: {error}"),
            }
        });
        join_all(exports).await
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that was made. Commands that the scenario no longer waits for come to their end first: what they make must not appear after the
    /// clean-up.
    pub(crate) async fn close(&self) -> Made {
        self.runner.idle().await;
        std::mem::take(&mut *self.made())
    }

    /// Removes or keeps what was made.
    pub(crate) async fn settle(&self, made: Made, end: End) -> Ended {
        let keep = match self.session.settings().keep {
            Keep::Never => false,
            Keep::Failed => end == End::Failed,
            Keep::Always => true,
        };
        let (mut notes, mut left) = (made.notes, Vec::new());
        if keep && !made.resources.is_empty() {
            for resource in &made.resources {
                if let Err(error) = self.session.ledger().keep(resource) {
                    left.push(format!("{resource} is kept, but: {error}"));
                }
            }
            let names: Vec<&str> = made.clusters.iter().map(|(_, name)| name.as_str()).collect();
            notes.push(format!(
                "kept: {}; kubeconfigs in {}; `multiplane gc --all` removes them",
                names.join(", "),
                self.folder.display()
            ));
        } else {
            left = self.remove(made.resources).await;
        }
        let logs = Some(self.logs()).filter(|folder| folder.is_dir());
        Ended { notes, left, logs }
    }

    /// Clusters side by side, then what they stood on.
    async fn remove(&self, mut resources: Vec<Resource>) -> Vec<String> {
        let remover = Remover::new(self.runner.clone(), &self.session.settings().docker);
        in_order(&mut resources, |resource| resource.kind);
        let mut left = Vec::new();
        for group in resources.chunk_by(|a, b| a.kind == b.kind) {
            let removals = group.iter().map(async |resource| match remover.remove(resource).await {
                Ok(()) => self.session.ledger().strike(resource).err().map(|error| error.to_string()),
                Err(error) if error.is_gone() => {
                    let struck = self.session.ledger().strike(resource).err();
                    Some(struck.map_or_else(|| error.left(resource), |struck| struck.to_string()))
                }
                Err(error) => Some(error.left(resource)),
            });
            left.extend(join_all(removals).await.into_iter().flatten());
        }
        left
    }
}
