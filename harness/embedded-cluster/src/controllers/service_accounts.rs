//! `service-account-controller`: the service account `default` of each namespace.

use crate::value::json;
use futures::future::BoxFuture;

use super::fields::Fields;
use super::resources::{NAMESPACES, SERVICE_ACCOUNTS};
use super::runtime::{Change, Context, Controller, Key, Outcome};

const DEFAULT: &str = "default";

/// Keys are namespaces.
pub(crate) struct ServiceAccounts(pub(crate) Context);

impl Controller for ServiceAccounts {
    fn keys(&self, change: &Change) -> Vec<Key> {
        let lost = change.is(&SERVICE_ACCOUNTS) && change.gone && change.object.name() == DEFAULT;
        match change.object.namespace() {
            Some(namespace) if lost => vec![Key::new("", namespace)],
            None if change.is(&NAMESPACES) && !change.gone => vec![change.key()],
            _ => vec![],
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Self(Context { client, cache, .. }) = self;
            let active = cache
                .get(&NAMESPACES, key)
                .is_some_and(|n| n.str_at("/status/phase") != "Terminating");
            if !active || cache.get(&SERVICE_ACCOUNTS, &Key::new(&key.name, DEFAULT)).is_some() {
                return Ok(None);
            }
            let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": DEFAULT, "namespace": key.name}});
            match client.create(&SERVICE_ACCOUNTS, Some(&key.name), account).await {
                Err(error) if !error.is_already_exists() => Err(error),
                _ => Ok(None),
            }
        })
    }
}
