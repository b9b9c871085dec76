//! Kinds that are served but that no controller here acts on: whoever makes one is told so.

use futures::future::BoxFuture;

use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::resource::Resource;

const KINDS: [Resource; 1] = [Resource::new("autoscaling", "v2", "horizontalpodautoscalers")];

/// Keys are uids, in the place of names.
pub(crate) struct NotImplemented(pub(crate) Context);

impl Controller for NotImplemented {
    fn keys(&self, change: &Change) -> Vec<Key> {
        let is_new = change.old.is_none() && !change.gone;
        if is_new && KINDS.iter().any(|kind| change.is(kind)) {
            vec![Key::new("", change.object.uid())]
        } else {
            vec![]
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if let Some((_, object)) = self.0.cache.by_uid(&key.name) {
                let message = format!("no controller of this cluster acts on a {}: nothing will happen", object.kind());
                self.0.events.warning(&object, "NotImplemented", &message).await;
            }
            Ok(None)
        })
    }
}
