//! `generic-garbage-collector`: what becomes of objects whose owners are gone or going.
//!
//! - An object all of whose owners are gone is deleted.
//! - An owner with the finalizer `foregroundDeletion` waits for the dependents that block it.
//! - An owner with the finalizer `orphan` waits until its dependents have forgotten it.

mod owners;

use crate::value::{Value, json};
use futures::future::BoxFuture;

use super::fields::Fields;
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::client::{DeleteOptions, Patch, Propagation};
use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;

use owners::{Owner, classify};

const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Keys are uids, in the place of names.
pub(crate) struct Garbage(pub(crate) Context);

impl Controller for Garbage {
    fn keys(&self, change: &Change) -> Vec<Key> {
        let object = &change.object;
        let owned_by = |object: &Object| object.at("/metadata/ownerReferences").clone();
        let stays = !change.gone && object.deletion_timestamp().is_none();
        if stays && change.old.as_ref().is_some_and(|old| owned_by(old) == owned_by(object)) {
            return vec![];
        }
        let mut uids: Vec<&str> = Vec::new();
        if !change.gone && (object.at("/metadata/ownerReferences").is_array() || object.deletion_timestamp().is_some()) {
            uids.push(object.uid());
        }
        let dependents = self.0.cache.dependents(object.uid());
        if change.gone || waits_for_dependents(object) {
            uids.extend(dependents.iter().map(|(_, dependent)| dependent.uid()));
        }
        // An owner that waits looks again when a dependent goes or lets go of it.
        let owners = change.states().flat_map(|state| state.list_at("/metadata/ownerReferences"));
        let waiting = |uid: &str| {
            self.0
                .cache
                .by_uid(uid)
                .is_some_and(|(_, owner)| owner.deletion_timestamp().is_some())
        };
        uids.extend(owners.map(|owner| owner.str_at("/uid")).filter(|uid| waiting(uid)));
        uids.into_iter().map(|uid| Key::new("", uid)).collect()
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some((resource, object)) = self.0.cache.by_uid(&key.name) else {
                return Ok(None);
            };
            let outcome = if object.deletion_timestamp().is_none() {
                self.collect(&resource, &object).await
            } else if waits_for_dependents(&object) {
                self.foreground(&resource, &object).await
            } else if has_finalizer(&object, ORPHAN) {
                self.orphan(&resource, &object).await
            } else {
                Ok(())
            };
            match outcome {
                // Somebody else was faster; the change that this made comes by the watch.
                Err(error) if error.is_not_found() => Ok(None),
                other => other.map(|()| None),
            }
        })
    }
}

fn has_finalizer(object: &Object, finalizer: &str) -> bool {
    object.finalizers().any(|f| f == finalizer)
}

/// Whether an object is being deleted in the foreground.
fn waits_for_dependents(object: &Object) -> bool {
    object.deletion_timestamp().is_some() && has_finalizer(object, FOREGROUND)
}

fn blocks(dependent: &Object, owner: &str) -> bool {
    dependent
        .owner_references()
        .iter()
        .any(|o| o.uid == owner && o.block_owner_deletion == Some(true))
}

impl Garbage {
    /// Deletes an object that no owner holds any more; else drops its references to lost owners.
    async fn collect(&self, resource: &Resource, object: &Object) -> Result<(), Status> {
        let owners = classify(&self.0, object).await?;
        let is = |wanted: Owner| owners.iter().any(|(_, owner)| *owner == wanted);
        if owners.is_empty() || (is(Owner::Solid) && !is(Owner::Gone) && !is(Owner::Waiting)) {
            return Ok(());
        }
        if is(Owner::Solid) {
            let kept = owners
                .into_iter()
                .filter(|(_, owner)| *owner == Owner::Solid)
                .map(|(reference, _)| reference)
                .collect();
            return self.set_owners(resource, object, kept).await;
        }
        let has_dependents = !self.0.cache.dependents(object.uid()).is_empty();
        let propagation = if is(Owner::Waiting) && has_dependents {
            Propagation::Foreground
        } else if has_finalizer(object, ORPHAN) {
            Propagation::Orphan
        } else if has_finalizer(object, FOREGROUND) {
            Propagation::Foreground
        } else {
            Propagation::Background
        };
        let revision = Some(object.revision().to_string());
        let options = DeleteOptions {
            propagation: Some(propagation),
            resource_version: revision,
            ..DeleteOptions::of_uid(object.uid())
        };
        self.0.client.delete(resource, object.namespace(), object.name(), &options).await
    }

    /// Lets an owner go once no dependent blocks it. The dependents are deleted by [`Self::collect`].
    async fn foreground(&self, resource: &Resource, owner: &Object) -> Result<(), Status> {
        let dependents = self.0.cache.dependents(owner.uid());
        if dependents.iter().any(|(_, dependent)| blocks(dependent, owner.uid())) {
            return Ok(());
        }
        self.remove_finalizer(resource, owner, FOREGROUND).await
    }

    /// Makes the dependents forget their owner, then lets it go.
    async fn orphan(&self, resource: &Resource, owner: &Object) -> Result<(), Status> {
        for (kind, dependent) in self.0.cache.dependents(owner.uid()) {
            let references = dependent.list_at("/metadata/ownerReferences");
            let kept = references
                .iter()
                .filter(|reference| reference["uid"] != owner.uid())
                .cloned()
                .collect();
            match self.set_owners(&kind, &dependent, kept).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        self.remove_finalizer(resource, owner, ORPHAN).await
    }

    async fn set_owners(&self, resource: &Resource, object: &Object, owners: Vec<Value>) -> Result<(), Status> {
        let owners = if owners.is_empty() { Value::Null } else { owners.into() };
        self.change_metadata(resource, object, json!({"ownerReferences": owners})).await
    }

    async fn remove_finalizer(&self, resource: &Resource, object: &Object, finalizer: &str) -> Result<(), Status> {
        let kept: Vec<&str> = object.finalizers().filter(|f| *f != finalizer).collect();
        self.change_metadata(resource, object, json!({"finalizers": kept})).await
    }

    async fn change_metadata(&self, resource: &Resource, object: &Object, mut metadata: Value) -> Result<(), Status> {
        metadata["uid"] = object.uid().into();
        metadata["resourceVersion"] = object.revision().to_string().into();
        let patch = Patch::Merge(json!({"metadata": metadata}));
        self.0
            .client
            .patch(resource, object.namespace(), object.name(), None, patch)
            .await
            .map(drop)
    }
}
