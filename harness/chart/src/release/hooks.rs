//! Running hooks: by weight, one after the other, each until it has ended.

use kube::Client;
use kube::discovery::Discovery;

use super::objects::{Target, targets};
use super::{ReleaseError, ReleaseOptions, apply, wait};
use crate::render::{Hook, HookEvent};

/// Runs the hooks of one event.
///
/// # Errors
/// A hook cannot be created, fails, or does not end in time.
pub(super) async fn run(
    client: &Client,
    discovery: &Discovery,
    hooks: &[Hook],
    event: HookEvent,
    namespace: &str,
    options: &ReleaseOptions,
) -> Result<(), ReleaseError> {
    if options.no_hooks {
        return Ok(());
    }
    let failed = |error: ReleaseError| error.during(format!("{} hooks failed", event.as_str()));
    let mut ours: Vec<&Hook> = hooks.iter().filter(|hook| hook.events.contains(&event)).collect();
    ours.sort_by(|a, b| a.weight.cmp(&b.weight).then_with(|| a.manifest.name().cmp(b.manifest.name())));
    for hook in ours {
        let target = targets(std::slice::from_ref(&hook.manifest), discovery, namespace).map_err(failed)?;
        one(client, hook, &target, options).await.map_err(failed)?;
    }
    Ok(())
}

async fn one(client: &Client, hook: &Hook, target: &[Target], options: &ReleaseOptions) -> Result<(), ReleaseError> {
    let policy = |name: &str| hook.delete_policies.iter().any(|p| p == name);
    // Helm's default policy, so that a second run finds no old Job in its way.
    if policy("before-hook-creation") || hook.delete_policies.is_empty() {
        apply::delete(client, target).await?;
        wait::gone(client, target, options.timeout).await?;
    }
    apply::apply(client, target, options).await?;
    let ended = wait::ready(client, target, options.timeout).await;
    if (ended.is_ok() && policy("hook-succeeded")) || (ended.is_err() && policy("hook-failed")) {
        apply::delete(client, target).await?;
    }
    ended
}
