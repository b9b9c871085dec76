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
    // What has succeeded stays until all have ended: a later hook may use it.
    let mut succeeded = Vec::new();
    let mut result = Ok(());
    for hook in ours {
        let target = targets(std::slice::from_ref(&hook.manifest), discovery, namespace).map_err(failed)?;
        result = one(client, hook, &target, options).await.map_err(failed);
        if result.is_err() {
            remove(client, hook, &target, "hook-failed").await?;
            break;
        }
        succeeded.push((hook, target));
    }
    for (hook, target) in succeeded.iter().rev() {
        remove(client, hook, target, "hook-succeeded").await?;
    }
    result
}

async fn one(client: &Client, hook: &Hook, target: &[Target], options: &ReleaseOptions) -> Result<(), ReleaseError> {
    // Helm's default policy, so that a second run finds no old Job in its way.
    if hook.delete_policies.is_empty() || has(hook, "before-hook-creation") {
        delete(client, hook, target).await?;
        wait::gone(client, target, options.timeout).await?;
    }
    apply::apply(client, target, options).await?;
    // Only these end; other objects are there as soon as they are written.
    let ending: Vec<Target> = target
        .iter()
        .filter(|object| matches!(&*object.kind, "Job" | "Pod"))
        .cloned()
        .collect();
    wait::ready(client, &ending, options.timeout).await
}

fn has(hook: &Hook, policy: &str) -> bool {
    hook.delete_policies.iter().any(|known| known == policy)
}

/// Removes a hook's objects if it has the policy.
async fn remove(client: &Client, hook: &Hook, target: &[Target], policy: &str) -> Result<(), ReleaseError> {
    if has(hook, policy) {
        delete(client, hook, target).await
    } else {
        Ok(())
    }
}

/// A definition is never removed: all objects of its kind would go with it.
async fn delete(client: &Client, hook: &Hook, target: &[Target]) -> Result<(), ReleaseError> {
    if hook.manifest.kind() == "CustomResourceDefinition" {
        return Ok(());
    }
    apply::delete(client, target, apply::Keep::Nothing).await
}
