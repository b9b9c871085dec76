//! `rollback` and `uninstall`: Helm releases that are there.

use chart::ReleaseOptions;
use scenario::verb::{Rollback, Uninstall};

use super::deploy::{concluded, release_wait, releases, waiting};
use super::failure::Failure;
use super::joint::on_each;
use crate::run::context::Context;

/// Runs a `rollback` step.
pub(crate) async fn rollback(context: &Context<'_>, step: &Rollback) -> Result<(), Failure> {
    let name = (step.release.as_str(), step.namespace.as_str());
    let options = waiting(step.wait);
    on_each(&step.on, async |cluster| {
        let _wait = release_wait(context, cluster, name)?;
        let result = releases(context, cluster, name.1)?.rollback(name.0, step.revision, &options).await;
        concluded(context, cluster, name, &options, result).await
    })
    .await
}

/// Runs an `uninstall` step.
pub(crate) async fn uninstall(context: &Context<'_>, step: &Uninstall) -> Result<(), Failure> {
    let name = (step.release.as_str(), step.namespace.as_str());
    let options = ReleaseOptions {
        keep_history: step.keep_history,
        ..waiting(step.wait)
    };
    on_each(&step.on, async |cluster| {
        let _wait = release_wait(context, cluster, name)?;
        let result = releases(context, cluster, name.1)?.uninstall(name.0, &options).await;
        concluded(context, cluster, name, &options, result).await
    })
    .await
}
