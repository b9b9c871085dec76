//! `helm uninstall`.

use super::{Record, RecordStatus, ReleaseError, ReleaseOptions, Releases, apply, hooks, wait};
use crate::render::{HookEvent, parse_hooks, uninstall_rank};

impl Releases {
    /// Removes a release's objects and its records.
    ///
    /// Definitions from `crds/` and objects marked `helm.sh/resource-policy: keep` stay.
    ///
    /// # Errors
    /// There is no such release, a hook fails, or the API server refuses a removal.
    pub async fn uninstall(&self, name: &str, options: &ReleaseOptions) -> Result<Record, ReleaseError> {
        let mut history = self.history(name).await?;
        let mut record = history.pop().ok_or_else(|| ReleaseError::NotFound { name: name.to_owned() })?;
        let store = self.store();
        let discovery = self.discover().await?;
        let mut objects = self.recorded(&record, &discovery)?;
        objects.sort_by_key(|object| uninstall_rank(&object.kind));
        let hooks = parse_hooks(&record.hooks)?;

        record.info.deleted = (self.clock)().to_string();
        record.set(RecordStatus::Uninstalling, "Deletion in progress (or silently failed)");
        store.update(&record).await?;
        let events = (HookEvent::PreDelete, HookEvent::PostDelete);
        hooks::run(&self.client, &discovery, &hooks, events.0, &self.namespace, options).await?;
        apply::delete(&self.client, &objects, apply::Keep::Recorded).await?;
        if options.wait {
            wait::gone(&self.client, &objects, options.timeout).await?;
        }
        hooks::run(&self.client, &discovery, &hooks, events.1, &self.namespace, options).await?;

        record.set(RecordStatus::Uninstalled, "Uninstallation complete");
        if options.keep_history {
            store.update(&record).await?;
        } else {
            for old in history.iter().chain([&record]) {
                store.delete(old).await?;
            }
        }
        Ok(record)
    }
}
