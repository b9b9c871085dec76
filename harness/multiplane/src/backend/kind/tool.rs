//! The `kind` command: each call and what its answer means.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::process::{Command, Output, ProcessError, Runner};

/// How long kind may take to make a cluster, image pull included.
const CREATE: Duration = Duration::from_secs(900);
/// How long kind waits for nodes to be ready; below the former.
const READY: &str = "300s";
/// How long kind may take for everything else that works on nodes.
const WORK: Duration = Duration::from_secs(300);

/// The `kind` command.
#[derive(Clone, Debug)]
pub struct Kind {
    runner: Runner,
    program: PathBuf,
}

/// What `kind create cluster` needs.
#[derive(Clone, Debug)]
pub struct Creation<'a> {
    /// The cluster's name.
    pub name: &'a str,
    /// Its configuration.
    pub config: &'a Path,
    /// Node image; kind's own without one.
    pub image: Option<&'a str>,
    /// Where the kubeconfig goes.
    pub kubeconfig: &'a Path,
    /// The docker network.
    pub network: &'a str,
}

impl Kind {
    /// The command at this path, or of this name in `PATH`.
    pub fn new(runner: Runner, program: &Path) -> Self {
        Self {
            runner,
            program: program.to_owned(),
        }
    }

    /// The program's name or path.
    pub fn program(&self) -> &Path {
        &self.program
    }

    fn command(&self) -> Command {
        Command::new(&self.program).timeout(WORK)
    }

    /// The command's version, such as `0.33.0`.
    ///
    /// # Errors
    /// As the command's.
    pub async fn version(&self) -> Result<String, ProcessError> {
        let output = self.runner.run(self.command().arg("version")).await?;
        let version = output.stdout.split_whitespace().nth(1).unwrap_or_default();
        Ok(version.trim_start_matches('v').to_owned())
    }

    /// Makes a cluster.
    ///
    /// # Errors
    /// As the command's. That nodes are not ready in time is no error to kind; its answer's standard error output tells.
    pub async fn create(&self, creation: &Creation<'_>) -> Result<Output, ProcessError> {
        let mut command = self
            .command()
            .args(["create", "cluster", "--name", creation.name, "--config"])
            .arg(creation.config)
            .args(["--wait", READY, "--kubeconfig"])
            .arg(creation.kubeconfig)
            // A network of the run's own, made before: it bears the run's label, goes with the run, and creations side by side do not race for it.
            .env("KIND_EXPERIMENTAL_DOCKER_NETWORK", creation.network)
            .timeout(CREATE);
        if let Some(image) = creation.image {
            command = command.args(["--image", image]);
        }
        self.runner.run(command).await
    }

    /// Names of all clusters.
    ///
    /// # Errors
    /// As the command's.
    pub async fn clusters(&self) -> Result<Vec<String>, ProcessError> {
        let output = self.runner.run(self.command().args(["get", "clusters"])).await?;
        Ok(output.stdout.lines().map(str::to_owned).collect())
    }

    /// Deletes a cluster, also one that was never finished; one that is not there is no error to kind.
    ///
    /// # Errors
    /// As the command's.
    pub async fn delete(&self, name: &str, kubeconfig: &Path) -> Result<(), ProcessError> {
        let command = self
            .command()
            .args(["delete", "cluster", "--name", name, "--kubeconfig"])
            .arg(kubeconfig);
        self.runner.run(command).await?;
        Ok(())
    }

    /// Loads an image archive into all nodes.
    ///
    /// # Errors
    /// As the command's.
    pub async fn load(&self, name: &str, archive: &Path) -> Result<(), ProcessError> {
        let command = self.command().args(["load", "image-archive"]).arg(archive).args(["--name", name]);
        self.runner.run(command).await?;
        Ok(())
    }

    /// Collects the logs of all nodes in a folder. Where some could not be had, the others are there all the same.
    ///
    /// # Errors
    /// As the command's.
    pub async fn export_logs(&self, name: &str, folder: &Path) -> Result<(), ProcessError> {
        let command = self.command().args(["export", "logs"]).arg(folder).args(["--name", name]);
        self.runner.run(command).await?;
        Ok(())
    }
}
