//! One run of a task's container as a process of an installed flytekit.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use flyte::stores::{AccessKey, PublishedAws, Stores};
use futures::FutureExt;
use futures::future::BoxFuture;
use virtual_node::{ContainerContext, ExitStatus, Program};

use super::flytekit::Flytekit;
use super::program::{self, Own};
use crate::backend::process::Runner;

/// Where flytekit's images start, and have the code of tasks.
const START: &str = "/root";
/// Port of the store at the pod's address; processes go to the socket behind it.
const STORE: u16 = 9000;
/// The region for those who must name one.
const REGION: &str = "us-east-1";

/// `pyflyte-execute` and its like, of an installed flytekit.
#[derive(Clone)]
pub(super) struct Task {
    pub(super) flytekit: Flytekit,
    /// Which of its executables.
    pub(super) command: &'static str,
    /// What its world keeps.
    pub(super) stores: Stores,
    /// Where the files of its containers' mounts go.
    pub(super) folder: PathBuf,
    pub(super) runner: Runner,
}

impl Program for Task {
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        let task = self.clone();
        async move {
            match task.process(&context).await {
                Ok(status) => status,
                Err(error) => {
                    context.log.line(format!("multiplane: {}: {error}", task.command));
                    ExitStatus::Exited(128)
                }
            }
        }
        .boxed()
    }
}

impl Task {
    async fn process(&self, context: &ContainerContext) -> io::Result<ExitStatus> {
        if let Some(other) = words(context).find(|word| elsewhere(word)) {
            let message = format!("{other}: processes reach the world's object stores by S3 only, so its URIs must begin with s3://");
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        }
        // The store ends with the container, and so does its key.
        let (store, variables) = self.store(context).await?;
        let own = Own {
            env: surroundings(variables),
            path: Some(self.flytekit.bin().to_owned()),
            folders: vec![START.into(), "/tmp".into()],
            seen: self.flytekit.needs().to_vec(),
            start: START.into(),
        };
        let file = self.flytekit.executable(self.command);
        // The image has no entry point: the first word is the executable, wherever it stands.
        let args: Vec<&str> = words(context).skip(1).collect();
        let status = program::run(&file, &args, (&self.folder, &self.runner), context, &own).await;
        drop(store);
        status
    }

    /// The object store of the container's data plane on a port of this computer, and how flytekit and AWS's SDKs are told of it.
    async fn store(&self, context: &ContainerContext) -> io::Result<(PublishedAws, Vec<(&'static str, String)>)> {
        let name = context.env.get(flyte::OBJECT_STORE).map(String::as_str).unwrap_or_default();
        let listener = context.host.listen(STORE).await?;
        let none = || io::Error::other("the world has no sockets");
        let base = format!("http://{}", listener.socket_addr().ok_or_else(none)?);
        let clock = context.clock.clone();
        let mut variables = vec![("FLYTE_AWS_ENDPOINT", base.clone()), ("AWS_ENDPOINT_URL", base.clone())];
        if self.stores.asks_for_identity(name) {
            // The pod's token and role say who it is; the SDK presents them to the account's STS.
            return Ok((self.stores.publish_aws(listener, &base, clock), variables));
        }
        let key = AccessKey::random();
        variables.extend([
            ("FLYTE_AWS_ACCESS_KEY_ID", key.id.clone()),
            ("FLYTE_AWS_SECRET_ACCESS_KEY", key.secret.clone()),
            ("AWS_ACCESS_KEY_ID", key.id.clone()),
            ("AWS_SECRET_ACCESS_KEY", key.secret.clone()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ]);
        Ok((self.stores.publish_store(name, &key, listener, &base, clock), variables))
    }
}

/// The container's command line.
fn words(context: &ContainerContext) -> impl Iterator<Item = &str> {
    context.command.iter().chain(&context.args).map(String::as_str)
}

/// What flytekit's images set, and this.
fn surroundings(variables: Vec<(&'static str, String)>) -> BTreeMap<String, String> {
    let image = [
        ("HOME", START),
        ("PYTHONPATH", START),
        ("LANG", "C.UTF-8"),
        // A container's file system is its own; the user's flytekit stays as it is.
        ("PYTHONDONTWRITEBYTECODE", "1"),
    ];
    let image = image.map(|(name, value)| (name, value.to_owned()));
    let all = image.into_iter().chain(variables);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Whether a word of the command line is data of another store than S3's.
fn elsewhere(word: &str) -> bool {
    let scheme = word.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| matches!(scheme, "gs" | "abfs" | "abfss" | "gcs"))
}
