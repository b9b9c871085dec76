//! Containers as machines: what is done with those of the backend `container`.

use std::path::Path;

use super::{Docker, SAVE};
use crate::backend::process::ProcessError;

impl Docker {
    /// The server's id, which tells engines apart.
    pub(crate) async fn server_id(&self) -> Result<String, ProcessError> {
        let output = self.run(&["info", "--format", "{{.ID}}"]).await?;
        Ok(output.stdout.trim().to_owned())
    }

    /// Brings a container into a network, under these names beside its own.
    pub(crate) async fn connect(&self, network: &str, container: &str, aliases: &[String]) -> Result<(), ProcessError> {
        let aliases = aliases.iter().flat_map(|alias| ["--alias", alias]);
        let command = self.command().args(["network", "connect"]).args(aliases).args([network, container]);
        self.runner.run(command).await?;
        Ok(())
    }

    /// Takes a container out of a network.
    pub(crate) async fn disconnect(&self, network: &str, container: &str) -> Result<(), ProcessError> {
        self.run(&["network", "disconnect", "--force", network, container]).await?;
        Ok(())
    }

    /// Stops everything in a container where it is.
    pub(crate) async fn pause(&self, container: &str) -> Result<(), ProcessError> {
        self.run(&["pause", container]).await?;
        Ok(())
    }

    /// Lets it go on.
    pub(crate) async fn unpause(&self, container: &str) -> Result<(), ProcessError> {
        self.run(&["unpause", container]).await?;
        Ok(())
    }

    /// Copies a file out of a container.
    pub(crate) async fn copy_out(&self, container: &str, from: &str, to: &Path) -> Result<(), ProcessError> {
        let command = self.command().arg("cp").arg(format!("{container}:{from}")).arg(to);
        self.runner.run(command).await?;
        Ok(())
    }

    /// Copies a file into a container.
    pub(crate) async fn copy_in(&self, container: &str, from: &Path, to: &str) -> Result<(), ProcessError> {
        let command = self.command().arg("cp").arg(from).arg(format!("{container}:{to}")).timeout(SAVE);
        self.runner.run(command).await?;
        Ok(())
    }

    /// Runs a command in a container.
    pub(crate) async fn exec(&self, container: &str, args: &[&str]) -> Result<(), ProcessError> {
        let command = self.command().args(["exec", container]).args(args).timeout(SAVE);
        self.runner.run(command).await?;
        Ok(())
    }

    /// The address of a container in a network.
    pub(crate) async fn address(&self, container: &str, network: &str) -> Result<String, ProcessError> {
        let format = format!("{{{{(index .NetworkSettings.Networks {network:?}).IPAddress}}}}");
        let output = self.run(&["container", "inspect", "--format", &format, container]).await?;
        Ok(output.stdout.trim().to_owned())
    }

    /// All that a container wrote, the errors last.
    pub(crate) async fn logs(&self, container: &str) -> Result<String, ProcessError> {
        let output = self.run(&["logs", container]).await?;
        Ok(output.stdout + &output.stderr)
    }

    /// Makes a volume.
    pub(crate) async fn create_volume(&self, name: &str, label: &str) -> Result<(), ProcessError> {
        self.run(&["volume", "create", "--label", label, name]).await?;
        Ok(())
    }
}
