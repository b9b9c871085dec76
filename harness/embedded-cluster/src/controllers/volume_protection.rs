//! `pvc-protection-controller`: volume claims stay while a pod uses them.

use crate::value::json;
use futures::future::BoxFuture;

use super::fields::Fields;
use super::pods;
use super::resources::{PODS, VOLUME_CLAIMS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use super::volumes::used_by;
use crate::object::Object;

const FINALIZER: &str = "kubernetes.io/pvc-protection";

/// Keys are volume claims.
pub(crate) struct VolumeProtection(pub(crate) Context);

impl Controller for VolumeProtection {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&VOLUME_CLAIMS) && !change.gone {
            return vec![change.key()];
        }
        let lets_go = change.is(&PODS) && (change.gone || pods::is_ended(&change.object));
        let namespace = change.object.namespace().unwrap_or_default();
        if lets_go {
            used_by(&change.object).map(|claim| Key::new(namespace, claim)).collect()
        } else {
            vec![]
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Context { cache, client, .. } = &self.0;
            let Some(claim) = cache.get(&VOLUME_CLAIMS, key) else {
                return Ok(None);
            };
            let protected = claim.finalizers().any(|finalizer| finalizer == FINALIZER);
            if claim.deletion_timestamp().is_none() || !protected {
                return Ok(None);
            }
            let uses = |pod: &Object| {
                // Before it has a node, nobody has mounted anything for it.
                let started = !pod.str_at("/spec/nodeName").is_empty() && !pods::is_ended(pod);
                started && used_by(pod).any(|name| name == key.name)
            };
            if cache.in_namespace(&PODS, &key.namespace).iter().any(|pod| uses(pod)) {
                return Ok(None);
            }
            let kept: Vec<&str> = claim.finalizers().filter(|finalizer| *finalizer != FINALIZER).collect();
            let mut value = claim.value().clone();
            value["metadata"]["finalizers"] = json!(kept);
            match client.update(&VOLUME_CLAIMS, value).await {
                Err(error) if !error.is_not_found() => Err(error),
                _ => Ok(None),
            }
        })
    }
}
