//! `resourcequota-controller`: what is used of the quotas of a namespace.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::value::{Value, json};
use futures::future::BoxFuture;

use super::fields::Fields;
use super::quota::Tally;
use super::resources::{CUSTOM_RESOURCE_DEFINITIONS, RESOURCE_QUOTAS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;

/// Keys are quotas.
pub(crate) struct ResourceQuotas {
    context: Context,
    /// Of every quota, once all that is there was counted; from then on changes keep it right.
    tallies: Mutex<BTreeMap<Key, Tally>>,
}

impl Controller for ResourceQuotas {
    fn keys(&self, change: &Change) -> Vec<Key> {
        let mut tallies = self.tallies();
        if change.is(&CUSTOM_RESOURCE_DEFINITIONS) {
            return self.recount(&mut tallies, change.object.name());
        }
        let Some(namespace) = change.object.namespace() else {
            return vec![];
        };
        let kind = change.resource.qualified();
        let before = change.old.as_deref().map(Object::value);
        let after = change.new_state().map(Object::value);
        let mut keys: Vec<Key> = tallies
            .range_mut(Key::new(namespace, "")..)
            .take_while(|(key, _)| key.namespace == namespace)
            .filter_map(|(key, tally)| tally.change(&kind, before, after).then(|| key.clone()))
            .collect();
        if change.is(&RESOURCE_QUOTAS) {
            let spec = |state: Option<&Value>| state.map(|quota| quota.at("/spec").clone());
            if spec(before) != spec(after) {
                tallies.remove(&change.key());
            }
            keys.extend((!change.gone).then(|| change.key()));
        }
        keys
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(quota) = self.context.cache.get(&RESOURCE_QUOTAS, key) else {
                return Ok(None);
            };
            let used = self.tallies().entry(key.clone()).or_insert_with(|| self.count(&quota)).used();
            let status = json!({"hard": quota.at("/spec/hard"), "used": used});
            if status != *quota.at("/status") {
                let mut value = quota.value().clone();
                value["status"] = status;
                self.context.client.update_status(&RESOURCE_QUOTAS, value).await?;
            }
            Ok(None)
        })
    }
}

impl ResourceQuotas {
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            tallies: Mutex::default(),
        }
    }

    fn tallies(&self) -> MutexGuard<'_, BTreeMap<Key, Tally>> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that is there. The cache shows no change that the tallies were not told of.
    fn count(&self, quota: &Arc<Object>) -> Tally {
        let Context { cache, types, .. } = &self.context;
        let mut tally = Tally::new(quota, quota.at("/spec/hard"), |kind| types.named(kind).is_some());
        let mut kinds: Vec<String> = tally.kinds().map(str::to_owned).collect();
        kinds.sort();
        kinds.dedup();
        for kind in kinds {
            let Some(resource) = types.named(&kind) else { continue };
            for object in cache.in_namespace(&resource, quota.namespace().unwrap_or_default()) {
                tally.change(&kind, None, Some(object.value()));
            }
        }
        tally
    }

    /// Quotas on objects of a definition, which may have come or gone, are to be counted again.
    fn recount(&self, tallies: &mut BTreeMap<Key, Tally>, definition: &str) -> Vec<Key> {
        let counts = format!("count/{definition}");
        let quotas = self.context.cache.all(&RESOURCE_QUOTAS);
        let concerned = quotas.iter().filter(|quota| quota.at("/spec/hard").get(&counts).is_some());
        let keys: Vec<Key> = concerned.map(|quota| Key::of(quota)).collect();
        for key in &keys {
            tallies.remove(key);
        }
        keys
    }
}
