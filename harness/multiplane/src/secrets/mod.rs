//! What must not be told: the secrets of a scenario's clusters, and how they are taken out of texts.
//!
//! Text from outside (what a program prints, what an object holds, why something failed) may hold any of them. So it is told only after
//! [`Secrets::learn`] has looked at what there is, and every event of the scenario goes through [`Secrets::redact`] on its way to the journal.
//! What nobody can know of, because it is kept nowhere, [`masked`] takes for a secret by its form.

mod files;
mod form;
mod mask;
mod redactor;

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws::Account;
use futures::future::join_all;
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::config::Kubeconfig;
use kube::{Api, Client};

pub(crate) use mask::masked;
pub(crate) use redactor::Redactor;

/// How long a cluster has to tell its Secrets: one that does not answer must not keep a run.
const PATIENCE: Duration = Duration::from_secs(2);

/// The secrets of one scenario's clusters, as far as they are known. Copies share them.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Known>);

#[derive(Default)]
struct Known {
    /// Those of the last attempt.
    holders: RwLock<Option<Arc<Holders>>>,
    redactor: RwLock<Redactor>,
}

/// Who has secrets.
struct Holders {
    clusters: Vec<(String, Client)>,
    account: Option<Account>,
}

impl Secrets {
    /// The Secrets of these clusters are meant, and the credentials of this account's sessions.
    pub(crate) fn of(&self, clusters: impl Iterator<Item = (String, Client)>, account: Option<&Account>) {
        let holders = Holders {
            clusters: clusters.collect(),
            account: account.cloned(),
        };
        *self.0.holders.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(holders));
    }

    /// Looks at the Secrets of all clusters, and at the account's sessions. What a cluster does not tell stays unknown.
    pub(crate) async fn learn(&self) {
        let holders = self.0.holders.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(holders) = holders else { return };
        let listed = join_all(holders.clusters.iter().map(async |(id, client)| {
            let secrets = Api::<Secret>::all(client.clone());
            let list = tokio::time::timeout(PATIENCE, secrets.list(&ListParams::default())).await;
            (id, list.ok().and_then(Result::ok).map(|list| list.items).unwrap_or_default())
        }))
        .await;
        let mut redactor = self.0.redactor.write().unwrap_or_else(PoisonError::into_inner);
        for session in holders.account.iter().flat_map(Account::sessions) {
            redactor.add(&session.arn, "secret", session.credentials.secret.as_bytes());
            redactor.add(&session.arn, "token", session.credentials.token.as_bytes());
        }
        for (id, secrets) in listed {
            for secret in secrets {
                let (namespace, name) = (secret.metadata.namespace, secret.metadata.name);
                let at = format!("{id} {}/{}", namespace.unwrap_or_default(), name.unwrap_or_default());
                for (key, value) in secret.data.unwrap_or_default() {
                    redactor.add(&at, &key, &value.0);
                }
            }
        }
    }

    /// Knows the credentials of a kubeconfig that somebody gets.
    pub(crate) fn kubeconfig(&self, cluster: &str, kubeconfig: &Kubeconfig) {
        let tree = serde_json::to_value(kubeconfig).unwrap_or_default();
        let mut redactor = self.0.redactor.write().unwrap_or_else(PoisonError::into_inner);
        let users = tree["users"].as_array().into_iter().flatten();
        for (field, value) in users.filter_map(|user| user["user"].as_object()).flatten() {
            let Some(text) = value.as_str() else { continue };
            let decoded = data_encoding::BASE64
                .decode(text.as_bytes())
                .ok()
                .filter(|_| field.ends_with("-data"));
            redactor.add(&format!("{cluster} kubeconfig"), field, &decoded.unwrap_or_else(|| text.into()));
        }
    }

    /// A text without what is known to be secret.
    pub(crate) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.0.redactor.read().unwrap_or_else(PoisonError::into_inner).redact(text)
    }

    /// Takes what is known to be secret out of all files below a folder.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub(crate) fn clean_files(&self, folder: &Path) -> io::Result<()> {
        files::clean(folder, &self.0.redactor.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// As [`redact`](Self::redact), in place.
    pub(crate) fn clean(&self, text: &mut String) {
        if let Cow::Owned(clean) = self.redact(text) {
            *text = clean;
        }
    }
}
