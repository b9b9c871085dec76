//! `--pause-on-failure`: clusters as a failed step left them, for a person to look at.

use std::fmt;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use futures::future::BoxFuture;
use tempfile::TempDir;

use super::context::Context;
use super::step::failure::Failure;

/// Shows a person a text, and waits until they have seen enough.
#[derive(Clone)]
pub struct Pause(Arc<Show>);

type Show = dyn Fn(String) -> BoxFuture<'static, ()> + Send + Sync;

impl Pause {
    /// `show` is given the text; the run goes on when its future ends.
    pub fn new(show: impl Fn(String) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(show))
    }

    /// Holds the clusters after a step failed. Kubeconfigs of all of them are there for as long.
    pub(super) async fn hold(&self, context: &Context<'_>, step: usize, failure: &Failure) {
        let text = match Kubeconfigs::write(context) {
            Ok(kubeconfigs) => {
                let text = told(context, step, failure, &kubeconfigs);
                (self.0)(text).await;
                return;
            }
            Err(why) => format!("paused, but the kubeconfigs cannot be written: {why}"),
        };
        (self.0)(text).await;
    }
}

impl fmt::Debug for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pause")
    }
}

/// Credentials in files that only this user can read, and that are gone when this is dropped.
struct Kubeconfigs {
    _folder: TempDir,
    files: Vec<(String, PathBuf)>,
}

impl Kubeconfigs {
    fn write(context: &Context<'_>) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("multiplane-paused-").tempdir();
        let folder = folder.map_err(|error| error.to_string())?;
        let mut files = Vec::new();
        for cluster in context.clusters() {
            let kubeconfig = cluster.kubeconfig().map_err(|error| error.to_string())?;
            let text = yaml::emit::to_string(&kubeconfig).map_err(|error| error.to_string())?;
            let file = folder.path().join(format!("{}.yaml", cluster.id()));
            std::fs::write(&file, text).map_err(|error| error.to_string())?;
            files.push((cluster.id().to_owned(), file));
        }
        Ok(Self { _folder: folder, files })
    }
}

fn told(context: &Context<'_>, index: usize, failure: &Failure, kubeconfigs: &Kubeconfigs) -> String {
    let scenario = context.scenario();
    let step = &scenario.steps[index];
    let mut text = format!(
        "\n{}: step {} failed: {}\n  {}:{}\n  [{}] {}\n\nThe clusters stay as they are:\n",
        context.plan.name(),
        index + 1,
        step.title(),
        scenario.file.display(),
        step.span.line,
        failure.code,
        failure.text().replace('\n', "\n  "),
    );
    for (cluster, file) in &kubeconfigs.files {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "  # {cluster}\n  kubectl --kubeconfig {} get pods,events -A", file.display());
    }
    text
}
