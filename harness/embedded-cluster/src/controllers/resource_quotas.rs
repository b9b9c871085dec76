//! `resourcequota-controller`: what is used of the quotas of a namespace.

use std::sync::Arc;

use crate::value::{Map, Value, json};
use futures::future::BoxFuture;

use super::fields::Fields;
use super::pods;
use super::quota::{measured, used};
use super::resources::{PODS, RESOURCE_QUOTAS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;
use crate::resource::Resource;

/// Keys are quotas.
pub(crate) struct ResourceQuotas(pub(crate) Context);

impl Controller for ResourceQuotas {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&RESOURCE_QUOTAS) && !change.gone {
            return vec![change.key()];
        }
        // Whatever comes or goes is counted again, and a pod that has ended no longer counts.
        let ended = |old: &Arc<Object>| change.is(&PODS) && !pods::is_ended(old) && pods::is_ended(&change.object);
        let matters = change.gone || change.old.as_ref().is_none_or(ended);
        let namespace = change.object.namespace().filter(|_| matters).unwrap_or_default();
        let quotas = if namespace.is_empty() {
            vec![]
        } else {
            self.0.cache.in_namespace(&RESOURCE_QUOTAS, namespace)
        };
        // Most of what comes and goes is nothing that a quota is about, such as events.
        let concerned = |quota: &&Arc<Object>| {
            let names = quota.at("/spec/hard").as_object().into_iter().flat_map(Map::keys);
            names.filter_map(|name| measured(name)).any(|resource| change.is(&resource))
        };
        quotas.iter().filter(concerned).map(|quota| Key::of(quota)).collect()
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(quota) = self.0.cache.get(&RESOURCE_QUOTAS, key) else {
                return Ok(None);
            };
            let status = json!({"hard": quota.at("/spec/hard"), "used": self.used(&quota)});
            if status != *quota.at("/status") {
                let mut value = quota.value().clone();
                value["status"] = status;
                self.0.client.update_status(&RESOURCE_QUOTAS, value).await?;
            }
            Ok(None)
        })
    }
}

impl ResourceQuotas {
    fn used(&self, quota: &Object) -> Value {
        let namespace = quota.namespace().unwrap_or_default();
        let all = |resource: &Resource| self.0.cache.in_namespace(resource, namespace);
        used(&all, quota, quota.at("/spec/hard"))
    }
}
