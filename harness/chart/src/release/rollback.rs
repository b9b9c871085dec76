//! `helm rollback`.

use super::objects::targets;
use super::{Record, RecordStatus, ReleaseError, ReleaseOptions, Releases, hooks};
use crate::render::{HookEvent, parse_hooks, parse_manifests};

impl Releases {
    /// Makes a new revision that is like an earlier one; `None` is the one before. The last one may have failed, or been
    /// left while an operation was under way.
    ///
    /// # Errors
    /// There is no such revision; else as [`upgrade`](Self::upgrade).
    pub async fn rollback(&self, name: &str, revision: Option<u32>, options: &ReleaseOptions) -> Result<Record, ReleaseError> {
        let history = self.history(name).await?;
        let mut last = history
            .last()
            .cloned()
            .ok_or_else(|| ReleaseError::NotFound { name: name.to_owned() })?;
        let wanted = revision.unwrap_or(last.version.saturating_sub(1));
        let target = history.iter().find(|record| record.version == wanted).cloned();
        let target = target.ok_or(ReleaseError::NoRevision {
            name: name.to_owned(),
            revision: wanted,
        })?;

        let discovery = self.discover().await?;
        let mut objects = targets(&parse_manifests(&target.manifest)?, &discovery, &self.namespace)?;
        // What the last revision made goes, even where it failed or was left half way.
        let old = self.recorded(&last, &discovery)?;
        objects.iter_mut().for_each(|object| object.own(name, &self.namespace));
        let hooks = parse_hooks(&target.hooks)?;

        let mut record = Record {
            version: last.version + 1,
            ..target
        };
        record.info.first_deployed = last.info.first_deployed.clone();
        record.info.last_deployed = (self.clock)().to_string();
        record.set(RecordStatus::PendingRollback, format!("Rollback to {wanted}"));
        self.store().create(&record).await?;
        let done = async {
            let events = (HookEvent::PreRollback, HookEvent::PostRollback);
            hooks::run(&self.client, &discovery, &hooks, events.0, &self.namespace, options).await?;
            self.replace(&old, &objects, options).await?;
            hooks::run(&self.client, &discovery, &hooks, events.1, &self.namespace, options).await
        };
        let result = done.await;
        let store = self.store();
        match &result {
            Ok(()) => {
                for mut old in history.into_iter().filter(|record| record.info.status == RecordStatus::Deployed) {
                    old.info.status = RecordStatus::Superseded;
                    store.update(&old).await?;
                }
                record.set(RecordStatus::Deployed, format!("Rollback to {wanted}"));
            }
            Err(error) => {
                last.info.status = RecordStatus::Superseded;
                store.update(&last).await?;
                record.set(RecordStatus::Failed, format!("Rollback {name:?} failed: {error}"));
            }
        }
        store.update(&record).await?;
        result?;
        Ok(record)
    }
}
