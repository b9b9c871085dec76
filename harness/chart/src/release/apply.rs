//! Writing and removing the objects of a release.

use std::collections::BTreeSet;

use kube::Client;
use kube::api::{DeleteParams, Patch, PatchParams, ValidationDirective};

use super::objects::{Identity, Target, ownership_faults};
use super::{ReleaseError, ReleaseOptions};

/// Refuses objects that exist and are not the release's. Those in `known` are.
pub(super) async fn check_ownership(
    client: &Client,
    targets: &[Target],
    known: &BTreeSet<Identity>,
    release: &str,
    namespace: &str,
) -> Result<(), ReleaseError> {
    for target in targets.iter().filter(|target| !known.contains(&target.identity())) {
        let Some(live) = target.api(client).get_opt(&target.name).await? else {
            continue;
        };
        let live = serde_json::to_value(&live).map_err(kube::Error::SerdeError)?;
        let faults = ownership_faults(&live, release, namespace);
        if !faults.is_empty() {
            return Err(ReleaseError::Ownership {
                kind: target.kind.clone(),
                name: target.name.clone(),
                namespace: target.namespace.clone(),
                reasons: faults.join("; "),
            });
        }
    }
    Ok(())
}

/// Writes objects one after the other, in the order given.
pub(super) async fn apply(client: &Client, targets: &[Target], options: &ReleaseOptions) -> Result<(), ReleaseError> {
    for target in targets {
        let params = PatchParams {
            force: options.force_conflicts,
            field_manager: Some("helm".into()),
            field_validation: Some(ValidationDirective::Strict),
            ..PatchParams::default()
        };
        target
            .api(client)
            .patch(&target.name, &params, &Patch::Apply(&target.object))
            .await?;
    }
    Ok(())
}

/// Where `helm.sh/resource-policy: keep` counts.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Keep {
    /// In the manifest: uninstall.
    Recorded,
    /// On the object as it is: an upgrade whose chart no longer has it.
    Live,
    /// Nowhere: hooks have policies of their own.
    Nothing,
}

/// Removes objects; those that are gone already, or are to be kept, are left.
pub(super) async fn delete(client: &Client, targets: &[Target], keep: Keep) -> Result<(), ReleaseError> {
    for target in targets
        .iter()
        .filter(|target| keep != Keep::Recorded || !Target::is_kept(&target.object))
    {
        let api = target.api(client);
        let Some(live) = api.get_opt(&target.name).await? else { continue };
        let live = serde_json::to_value(&live).map_err(kube::Error::SerdeError)?;
        if keep == Keep::Live && Target::is_kept(&live) {
            continue;
        }
        match api.delete(&target.name, &DeleteParams::background()).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
