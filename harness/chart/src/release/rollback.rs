//! `helm rollback`.

use super::objects::targets;
use super::{Record, RecordStatus, ReleaseError, ReleaseOptions, Releases, hooks};
use crate::render::{HookEvent, parse_hooks, parse_manifests};

impl Releases {
    /// Makes a new revision that is like an earlier one; `None` is the one before.
    ///
    /// # Errors
    /// There is no such revision; else as [`upgrade`](Self::upgrade).
    pub async fn rollback(&self, name: &str, revision: Option<u32>, options: &ReleaseOptions) -> Result<Record, ReleaseError> {
        let (last, mut current) = self.current(name).await?;
        let history = self.history(name).await?;
        let wanted = revision.unwrap_or(last.saturating_sub(1));
        let target = history.into_iter().find(|record| record.version == wanted);
        let target = target.ok_or(ReleaseError::NoRevision {
            name: name.to_owned(),
            revision: wanted,
        })?;

        let discovery = self.discover().await?;
        let mut objects = targets(&parse_manifests(&target.manifest)?, &discovery, &self.namespace)?;
        let old = self.recorded(&current, &discovery)?;
        objects.iter_mut().for_each(|object| object.own(name, &self.namespace));
        let hooks = parse_hooks(&target.hooks)?;

        let mut record = Record {
            version: last + 1,
            ..target
        };
        record.info.first_deployed = current.info.first_deployed.clone();
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
        self.conclude(result, &mut record, &mut current, &format!("Rollback to {wanted}"), "Rollback")
            .await?;
        Ok(record)
    }
}
