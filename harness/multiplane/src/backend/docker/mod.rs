//! The `docker` command, as far as backends need it.

#[cfg(feature = "docker")]
mod containers;
#[cfg(feature = "docker")]
mod machines;

use std::path::{Path, PathBuf};
use std::time::Duration;

#[cfg(feature = "docker")]
pub use containers::EngineError;
#[cfg(feature = "docker")]
pub(crate) use containers::{Failed, check_engine, free_ports, launch, localise, loopback, name_and_tag};

use super::process::{Command, Output, ProcessError, Runner};

/// How long a removal may take: docker gives a container 10 s to end by itself.
const REMOVAL: Duration = Duration::from_secs(120);
/// How often a removal that is under way is looked at again, and the pause before each look.
const BEING_REMOVED: usize = 50;
const PAUSE: Duration = Duration::from_millis(200);
/// How long an image may take to be written to a file.
const SAVE: Duration = Duration::from_secs(600);

/// The `docker` command.
#[derive(Clone, Debug)]
pub(crate) struct Docker {
    runner: Runner,
    program: PathBuf,
}

impl Docker {
    pub(crate) fn new(runner: Runner, program: &Path) -> Self {
        Self {
            runner,
            program: program.to_owned(),
        }
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    fn command(&self) -> Command {
        Command::new(&self.program)
    }

    async fn run(&self, args: &[&str]) -> Result<Output, ProcessError> {
        self.runner.run(self.command().args(args)).await
    }

    /// The server's version: whether there is one at all.
    pub(crate) async fn server_version(&self) -> Result<String, ProcessError> {
        let output = self.run(&["version", "--format", "{{.Server.Version}}"]).await?;
        Ok(output.stdout.trim().to_owned())
    }

    /// Makes a bridge network on which containers find each other by name.
    pub(crate) async fn create_network(&self, name: &str, label: &str) -> Result<(), ProcessError> {
        let masquerade = "com.docker.network.bridge.enable_ip_masquerade=true";
        self.run(&[
            "network", "create", "--driver", "bridge", "--opt", masquerade, "--label", label, name,
        ])
        .await?;
        Ok(())
    }

    /// Removes a network; one that is not there is gone already.
    pub(crate) async fn remove_network(&self, name: &str) -> Result<(), ProcessError> {
        absent(self.run(&["network", "rm", name]).await, &["not found", "No such network"])
    }

    /// Removes a container with its anonymous volumes, running or not.
    pub(crate) async fn remove_container(&self, name: &str) -> Result<(), ProcessError> {
        for _ in 0..BEING_REMOVED {
            let command = self.command().args(["rm", "--force", "--volumes", name]).timeout(REMOVAL);
            match self.runner.run(command).await {
                // Another is at it. Docker has no way to wait for that, and until then its networks and volumes are in use.
                Err(error) if error.stderr().contains("is already in progress") => tokio::time::sleep(PAUSE).await,
                removed => return absent(removed, &["No such container"]),
            }
        }
        let command = self.command().args(["rm", "--force", "--volumes", name]).timeout(REMOVAL);
        absent(self.runner.run(command).await, &["No such container"])
    }

    /// Removes a volume.
    pub(crate) async fn remove_volume(&self, name: &str) -> Result<(), ProcessError> {
        absent(
            self.run(&["volume", "rm", "--force", name]).await,
            &["No such volume", "no such volume"],
        )
    }

    /// Removes an image's name, and the image with its last name.
    pub(crate) async fn remove_image(&self, name: &str) -> Result<(), ProcessError> {
        absent(self.run(&["image", "rm", name]).await, &["No such image"])
    }

    /// The published ports of a container: port in the container -> `address:port` of the host.
    pub(crate) async fn ports(&self, container: &str) -> Result<Vec<(u16, String)>, ProcessError> {
        let output = self.run(&["port", container]).await?;
        Ok(published(&output.stdout))
    }

    /// The id of a local image: the digest of its configuration.
    pub(crate) async fn image_id(&self, image: &str) -> Result<String, ProcessError> {
        let output = self.run(&["image", "inspect", "--format", "{{.Id}}", image]).await?;
        Ok(output.stdout.trim().to_owned())
    }

    /// Writes an image to an archive.
    pub(crate) async fn save(&self, image: &str, archive: &Path) -> Result<(), ProcessError> {
        let command = self.command().arg("save").arg(image).arg("-o").arg(archive).timeout(SAVE);
        self.runner.run(command).await?;
        Ok(())
    }
}

/// A removal of what is not there has nothing to do.
fn absent(result: Result<Output, ProcessError>, signs: &[&str]) -> Result<(), ProcessError> {
    match result {
        Err(error) if signs.iter().any(|sign| error.stderr().contains(sign)) => Ok(()),
        other => other.map(|_| ()),
    }
}

/// Reads `docker port`: lines such as `30081/tcp -> 127.0.0.1:18081`.
fn published(text: &str) -> Vec<(u16, String)> {
    let line = |line: &str| {
        let (inner, outer) = line.split_once(" -> ")?;
        let inner = inner.strip_suffix("/tcp")?.parse().ok()?;
        let outer = outer.replace("0.0.0.0:", "127.0.0.1:");
        // Published for both families, docker tells of each.
        (!outer.starts_with('[')).then_some((inner, outer))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::published;

    #[test]
    fn published_ports() {
        let text = "6443/tcp -> 127.0.0.1:43611\n30081/tcp -> 0.0.0.0:18081\n30081/tcp -> [::]:18081\n53/udp -> 0.0.0.0:53\n";
        let expected = [(6443, "127.0.0.1:43611".to_owned()), (30081, "127.0.0.1:18081".to_owned())];
        assert_eq!(published(text), expected);
    }
}
