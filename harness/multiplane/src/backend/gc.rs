//! Removing what runs made outside of this process: at their end, and by `multiplane gc` after they died.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::docker::Docker;
use super::existing::{ExistingError, clean::clean};
use super::kind::Kind;
use super::ledger::{Left, Leftover, Life, Resource, ResourceKind, State, left};
use super::process::{ProcessError, Runner, end_group};

/// Until docker has surely made what it was told to when the creation was interrupted (a container of kind's was seen up to 3 s later).
const SETTLED: Duration = Duration::from_secs(4);

/// Why something is still there.
#[derive(Debug, Error)]
pub enum RemoveError {
    /// The command that removes it failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The folder could not be removed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A cluster that stays could not be cleaned, or is not as it was.
    #[error(transparent)]
    Existing(#[from] ExistingError),
    /// The command said that all is well, but it is still there.
    #[error("still there: {0}")]
    Remains(String),
}

/// Removes resources.
#[derive(Clone, Debug)]
pub struct Remover {
    runner: Runner,
    docker: PathBuf,
}

impl RemoveError {
    /// Whether nothing of the run's is left all the same.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Existing(ExistingError::Differs { .. }))
    }

    /// One line on what is still there.
    pub(crate) fn left(&self, resource: &Resource) -> String {
        if self.is_gone() {
            return self.to_string();
        }
        format!("{resource} is left over: {self}")
    }
}

impl Remover {
    /// Removes with this `docker` program.
    pub fn new(runner: Runner, docker: &Path) -> Self {
        Self {
            runner,
            docker: docker.to_owned(),
        }
    }

    /// Removes a resource; one that is not there is removed already.
    ///
    /// # Errors
    /// If it is still there afterwards.
    pub async fn remove(&self, resource: &Resource) -> Result<(), RemoveError> {
        let name = resource.name.as_str();
        let docker = Docker::new(self.runner.clone(), resource.program.as_deref().unwrap_or(&self.docker));
        match resource.kind {
            ResourceKind::ClusterObjects => clean(Path::new(name)).await?,
            ResourceKind::KindCluster => self.kind_cluster(resource).await?,
            ResourceKind::Container => docker.remove_container(name).await?,
            ResourceKind::Volume => docker.remove_volume(name).await?,
            ResourceKind::Network => docker.remove_network(name).await?,
            ResourceKind::Image => docker.remove_image(name).await?,
            ResourceKind::Folder => match std::fs::remove_dir_all(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            },
        }
        Ok(())
    }

    /// `kind delete` says of clusters that it never knew that they are deleted, so the list of clusters is asked as well.
    async fn kind_cluster(&self, resource: &Resource) -> Result<(), RemoveError> {
        let kind = Kind::new(self.runner.clone(), resource.program.as_deref().unwrap_or(Path::new("kind")));
        let scratch = tempfile::tempdir()?;
        kind.delete(&resource.name, &scratch.path().join("kubeconfig")).await?;
        if kind.clusters().await?.contains(&resource.name) {
            return Err(RemoveError::Remains(resource.to_string()));
        }
        Ok(())
    }
}

/// The order in which things go: what is in other clusters while its files are there, clusters and containers before the networks and volumes they use, folders last.
pub(crate) fn in_order<T>(items: &mut [T], kind: impl Fn(&T) -> ResourceKind) {
    items.sort_by_key(|item| kind(item));
}

/// What a clean-up did, as it does it.
#[derive(Debug)]
pub enum Act<'a> {
    /// Would be removed.
    Would(&'a str, &'a Resource),
    /// Was removed.
    Removed(&'a str, &'a Resource),
    /// Is kept on purpose.
    Kept(&'a str, &'a Resource),
    /// A process that was still at work for a dead run was ended.
    Ended(&'a str, u32),
    /// Could not be removed.
    Failed(&'a str, &'a Resource, RemoveError),
}

/// What to clean up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    /// Also what was kept on purpose.
    pub kept: bool,
    /// Only tells.
    pub dry_run: bool,
}

/// Removes what dead runs left, and tells of each act. Returns whether nothing is left that should have gone.
///
/// # Errors
/// If the ledgers cannot be read or written.
pub async fn collect(state: &State, remover: &Remover, scope: Scope, tell: &mut dyn FnMut(Act<'_>)) -> io::Result<bool> {
    let mut clean = true;
    for mut leftover in left(state)? {
        let run = leftover.run.clone();
        let ended = end_processes(&leftover, scope, tell).await;
        if !scope.dry_run && (ended || leftover.is_fresh(SETTLED)) && leftover.has_more_than_folders() {
            tokio::time::sleep(SETTLED).await;
        }
        let mut items = leftover.resources.clone();
        in_order(&mut items, |left| left.resource.kind);
        for Left { resource, kept } in &items {
            if *kept && !scope.kept {
                tell(Act::Kept(&run, resource));
            } else if scope.dry_run {
                tell(Act::Would(&run, resource));
            } else {
                clean &= remove(&mut leftover, resource, remover, tell).await?;
            }
        }
        if !scope.dry_run {
            leftover.end()?;
        }
    }
    Ok(clean)
}

/// Ends what still works for the dead run. Tells whether anything did.
async fn end_processes(leftover: &Leftover, scope: Scope, tell: &mut dyn FnMut(Act<'_>)) -> bool {
    let mut ended = false;
    for life in leftover.processes.iter().filter(|life: &&Life| life.lives() == Some(true)) {
        if !scope.dry_run {
            end_group(life.pid, "TERM").await;
            tell(Act::Ended(&leftover.run, life.pid));
            ended = true;
        }
    }
    ended
}

async fn remove(leftover: &mut Leftover, resource: &Resource, remover: &Remover, tell: &mut dyn FnMut(Act<'_>)) -> io::Result<bool> {
    let run = leftover.run.clone();
    match remover.remove(resource).await {
        Ok(()) => {
            leftover.strike(resource)?;
            tell(Act::Removed(&run, resource));
            Ok(true)
        }
        Err(error) => {
            if error.is_gone() {
                leftover.strike(resource)?;
            }
            tell(Act::Failed(&run, resource, error));
            Ok(false)
        }
    }
}
