//! `ControllerRevision`s: the templates that a stateful or daemon set had.

use std::sync::Arc;

use crate::value::{Value, json};

use super::fields::Fields;
use super::hash::template_hash;
use super::pods::controller_reference;
use super::resources::CONTROLLER_REVISIONS;
use super::runtime::Context;
use crate::client::{DeleteOptions, Patch};
use crate::object::Object;
use crate::status::Status;

/// A set's revisions.
pub(crate) struct Revisions {
    /// All of them, oldest first.
    pub(crate) all: Vec<Arc<Object>>,
    /// The one of today's template.
    pub(crate) update: Arc<Object>,
}

/// The revisions of `set`; makes the one of today's template if it is not there. `hash_label`
/// is the label that tells a revision's hash.
pub(crate) async fn sync(context: &Context, set: &Object, hash_label: &str) -> Result<Revisions, Status> {
    let mut all = context.cache.controlled(&CONTROLLER_REVISIONS, set.uid());
    all.sort_by_cached_key(|revision| (revision.int_at("/revision"), revision.name().to_owned()));
    let data = data(set);
    let last = all.last().map_or(0, |revision| revision.int_at("/revision"));
    let update = match all.iter().position(|revision| *revision.at("/data") == data) {
        Some(index) if all[index].int_at("/revision") == last => all[index].clone(),
        // Rolled back to: it becomes the latest.
        Some(index) => {
            let patch = Patch::Merge(json!({"revision": last + 1}));
            let old = all.remove(index);
            let raised = context
                .client
                .patch(&CONTROLLER_REVISIONS, set.namespace(), old.name(), None, patch)
                .await?;
            all.push(raised.clone());
            raised
        }
        None => {
            let made = make(context, set, data, last + 1, hash_label).await?;
            all.push(made.clone());
            made
        }
    };
    Ok(Revisions { all, update })
}

/// What a revision keeps: a patch that brings the template back.
fn data(set: &Object) -> Value {
    let mut template = set.at("/spec/template").clone();
    template["$patch"] = "replace".into();
    json!({"spec": {"template": template}})
}

async fn make(context: &Context, set: &Object, data: Value, number: i64, hash_label: &str) -> Result<Arc<Object>, Status> {
    let collisions = set.int_at("/status/collisionCount");
    let hash = template_hash(&data, collisions);
    let mut labels = set.map_at("/spec/template/metadata/labels").cloned().unwrap_or_default();
    labels.insert(hash_label.to_owned(), hash.clone().into());
    let revision = json!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision",
        "metadata": {
            "name": format!("{}-{hash}", set.name()), "namespace": set.namespace(), "labels": labels,
            "annotations": set.at("/metadata/annotations"), "ownerReferences": [controller_reference(set)],
        },
        "data": data, "revision": number,
    });
    context.client.create(&CONTROLLER_REVISIONS, set.namespace(), revision).await
}

impl Revisions {
    /// Deletes the oldest revisions beyond `revisionHistoryLimit` that no pod has.
    pub(crate) async fn clean_up(&self, context: &Context, set: &Object, in_use: &[&str]) -> Result<(), Status> {
        let limit = usize::try_from(set.number_at("/spec/revisionHistoryLimit").unwrap_or(10)).unwrap_or(usize::MAX);
        let unused = |revision: &&Arc<Object>| revision.name() != self.update.name() && !in_use.iter().any(|name| *name == revision.name());
        let old: Vec<&Arc<Object>> = self.all.iter().filter(unused).collect();
        for revision in &old[..old.len().saturating_sub(limit)] {
            let options = DeleteOptions::of_uid(revision.uid());
            match context
                .client
                .delete(&CONTROLLER_REVISIONS, revision.namespace(), revision.name(), &options)
                .await
            {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}
