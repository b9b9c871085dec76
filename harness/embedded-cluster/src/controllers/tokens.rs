//! `token-controller`: Secrets of type `kubernetes.io/service-account-token`.
//!
//! Whoever makes such a Secret names a service account in an annotation; the controller puts the
//! token, the CA certificate and the namespace in. The Secret goes when its account goes.

use std::sync::Arc;

use crate::value::Value;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures::future::BoxFuture;

use super::fields::{Fields, entry};
use super::resources::{SECRETS, SERVICE_ACCOUNTS};
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::client::DeleteOptions;
use crate::object::Object;
use crate::status::Status;

const TYPE: &str = "kubernetes.io/service-account-token";
const NAME: &str = "kubernetes.io/service-account.name";
const UID: &str = "kubernetes.io/service-account.uid";

/// Signs the token of a Secret: service account, Secret.
pub(crate) type Sign = Arc<dyn Fn(&Object, &Object) -> Result<String, Status> + Send + Sync>;

/// Keys are Secrets.
pub(crate) struct Tokens {
    /// What the controller works with.
    pub(crate) context: Context,
    /// The cluster's CA certificate, PEM.
    pub(crate) ca: Arc<str>,
    /// The cluster's signing key.
    pub(crate) sign: Sign,
}

impl Controller for Tokens {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&SECRETS) && !change.gone && change.object.str_at("/type") == TYPE {
            return vec![change.key()];
        }
        let replaced = change.old.as_ref().is_none_or(|old| old.uid() != change.object.uid());
        if !change.is(&SERVICE_ACCOUNTS) || !(change.gone || replaced) {
            return vec![];
        }
        let secrets = self
            .context
            .cache
            .in_namespace(&SECRETS, change.object.namespace().unwrap_or_default());
        let of_account = |secret: &Object| secret.str_at("/type") == TYPE && secret.annotation(NAME) == Some(change.object.name());
        secrets
            .iter()
            .filter(|secret| of_account(secret))
            .map(|secret| Key::of(secret))
            .collect()
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(secret) = self.context.cache.get(&SECRETS, key) else {
                return Ok(None);
            };
            let Some(name) = secret.annotation(NAME).filter(|name| !name.is_empty()) else {
                return Ok(None);
            };
            let account = self.context.cache.get(&SERVICE_ACCOUNTS, &Key::new(&key.namespace, name));
            let is_meant = |account: &Arc<Object>| secret.annotation(UID).is_none_or(|uid| uid.is_empty() || uid == account.uid());
            match account.filter(is_meant) {
                Some(account) => self.fill(&secret, &account).await?,
                None => self.delete(&secret).await?,
            }
            Ok(None)
        })
    }
}

impl Tokens {
    async fn fill(&self, secret: &Object, account: &Object) -> Result<(), Status> {
        if secret.deletion_timestamp().is_some() {
            return Ok(());
        }
        let mut value = secret.value().clone();
        entry(&mut value["metadata"], "annotations")[UID] = account.uid().into();
        let data = entry(&mut value, "data");
        data["ca.crt"] = encoded(&self.ca);
        if data["namespace"].as_str().is_none_or(str::is_empty) {
            data["namespace"] = encoded(secret.namespace().unwrap_or_default());
        }
        if data["token"].as_str().is_none_or(str::is_empty) {
            data["token"] = encoded(&(self.sign)(account, secret)?);
        }
        if value == *secret.value() {
            return Ok(());
        }
        self.context.client.update(&SECRETS, value).await.map(drop)
    }

    async fn delete(&self, secret: &Object) -> Result<(), Status> {
        let options = DeleteOptions::of_uid(secret.uid());
        match self
            .context
            .client
            .delete(&SECRETS, secret.namespace(), secret.name(), &options)
            .await
        {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}

fn encoded(text: &str) -> Value {
    BASE64.encode(text).into()
}
