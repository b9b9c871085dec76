//! Where records are kept: Secrets in the release's namespace.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, ListParams, ObjectMeta, PostParams};
use kube::{Api, Client};

use super::{Clock, Record, RecordStatus, ReleaseError};

/// Revisions kept; older ones are removed, as Helm's `--history-max` does.
const HISTORY: usize = 10;

pub(super) struct Store {
    secrets: Api<Secret>,
    clock: Clock,
}

impl Store {
    pub(super) fn new(client: &Client, namespace: &str, clock: &Clock) -> Self {
        Store {
            secrets: Api::namespaced(client.clone(), namespace),
            clock: clock.clone(),
        }
    }

    /// All revisions, oldest first.
    pub(super) async fn history(&self, name: &str) -> Result<Vec<Record>, ReleaseError> {
        let ours = ListParams::default().labels(&format!("name={name},owner=helm"));
        let mut records = Vec::new();
        for secret in self.secrets.list(&ours).await? {
            let secret_name = secret.metadata.name.unwrap_or_default();
            let unreadable = |message: String| ReleaseError::Record {
                secret: secret_name.clone(),
                message,
            };
            let data = secret.data.unwrap_or_default();
            let payload = data.get("release").ok_or_else(|| unreadable("it has no key release".into()))?;
            records.push(Record::decode(&payload.0).map_err(unreadable)?);
        }
        records.sort_by_key(|record: &Record| record.version);
        Ok(records)
    }

    /// Stores a new revision and removes the oldest ones beyond the limit.
    pub(super) async fn create(&self, record: &Record) -> Result<(), ReleaseError> {
        self.secrets
            .create(&PostParams::default(), &self.secret(record, "createdAt")?)
            .await?;
        let history = self.history(&record.name).await?;
        let surplus = history.len().saturating_sub(HISTORY);
        let deployed = |r: &&Record| r.info.status != RecordStatus::Deployed;
        for old in history.iter().filter(deployed).take(surplus) {
            self.delete(old).await?;
        }
        Ok(())
    }

    pub(super) async fn update(&self, record: &Record) -> Result<(), ReleaseError> {
        let secret = self.secret(record, "modifiedAt")?;
        self.secrets.replace(&secret_name(record), &PostParams::default(), &secret).await?;
        Ok(())
    }

    pub(super) async fn delete(&self, record: &Record) -> Result<(), ReleaseError> {
        self.secrets.delete(&secret_name(record), &DeleteParams::default()).await?;
        Ok(())
    }

    fn secret(&self, record: &Record, stamp: &str) -> Result<Secret, ReleaseError> {
        let secret = secret_name(record);
        let payload = record.encode().map_err(|message| ReleaseError::Record {
            secret: secret.clone(),
            message,
        })?;
        let labels = [
            ("name", record.name.clone()),
            ("owner", "helm".to_owned()),
            ("status", record.info.status.as_str().to_owned()),
            ("version", record.version.to_string()),
            (stamp, (self.clock)().as_second().to_string()),
        ];
        Ok(Secret {
            metadata: ObjectMeta {
                name: Some(secret),
                labels: Some(labels.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
                ..ObjectMeta::default()
            },
            type_: Some("helm.sh/release.v1".into()),
            data: Some(BTreeMap::from([("release".to_owned(), ByteString(payload))])),
            ..Secret::default()
        })
    }
}

fn secret_name(record: &Record) -> String {
    format!("sh.helm.release.v1.{}.v{}", record.name, record.version)
}
