//! `helm upgrade`, and `helm upgrade --install`.

use std::collections::BTreeSet;

use kube::discovery::Discovery;

use super::objects::{Identity, Target, targets};
use super::{Record, RecordStatus, ReleaseError, ReleaseOptions, Releases, apply, hooks};
use crate::chart::Chart;
use crate::render::{HookEvent, Manifest, ReleaseInfo, parse_manifests};
use crate::values::Values;

impl Releases {
    /// Installs a release that is not there, or only in records that an uninstall has kept; upgrades one that is.
    ///
    /// # Errors
    /// As [`install`](Self::install) and [`upgrade`](Self::upgrade).
    pub async fn deploy(&self, name: &str, chart: &Chart, values: Values, options: &ReleaseOptions) -> Result<Record, ReleaseError> {
        match self.history(name).await?.pop() {
            None => self.install(name, chart, values, options).await,
            Some(last) if last.info.status == RecordStatus::Uninstalled => {
                self.install_after(Some(last), name, chart, values, options).await
            }
            Some(_) => self.upgrade(name, chart, values, options).await,
        }
    }

    /// Makes a new revision: objects the chart no longer has are removed. Without any
    /// values, those of the last revision are used again.
    ///
    /// # Errors
    /// No deployed revision, an operation under way; else as [`install`](Self::install).
    pub async fn upgrade(&self, name: &str, chart: &Chart, values: Values, options: &ReleaseOptions) -> Result<Record, ReleaseError> {
        let (last, mut current) = self.current(name).await?;
        let values = if values.as_json().is_empty() { current.values() } else { values };
        let discovery = self.discover().await?;
        let info = ReleaseInfo {
            name: name.to_owned(),
            namespace: self.namespace.clone(),
            revision: last + 1,
            upgrade: true,
        };
        let rendered = self.rendered(chart, values.clone(), &discovery, info, options).await?;
        let mut objects = targets(&rendered.manifests, &discovery, &self.namespace)?;
        let old = self.recorded(&current, &discovery)?;
        let known: BTreeSet<Identity> = old.iter().map(Target::identity).collect();
        if !options.take_ownership {
            apply::check_ownership(&self.client, &objects, &known, name, &self.namespace)
                .await
                .map_err(|error| error.during("unable to continue with update"))?;
        }
        objects.iter_mut().for_each(|object| object.own(name, &self.namespace));

        let mut record = self.new_record(name, chart, &values, &rendered, last + 1, RecordStatus::PendingUpgrade);
        record.info.first_deployed = current.info.first_deployed.clone();
        record.info.description = "Preparing upgrade".into();
        self.store().create(&record).await?;
        let done = async {
            let events = (HookEvent::PreUpgrade, HookEvent::PostUpgrade);
            hooks::run(&self.client, &discovery, &rendered.hooks, events.0, &self.namespace, options).await?;
            self.replace(&old, &objects, options).await?;
            hooks::run(&self.client, &discovery, &rendered.hooks, events.1, &self.namespace, options).await
        };
        let result = done.await;
        self.conclude(result, &mut record, &mut current).await?;
        Ok(record)
    }

    /// The last revision's number, and the revision that is in the cluster.
    async fn current(&self, name: &str) -> Result<(u32, Record), ReleaseError> {
        let mut history = self.history(name).await?;
        let missing = || ReleaseError::NotDeployed { name: name.to_owned() };
        let last = history.last().ok_or_else(missing)?;
        let (number, status) = (last.version, last.info.status);
        if status.is_pending() {
            return Err(ReleaseError::Pending);
        }
        let deployed = history.iter().rposition(|record| record.info.status == RecordStatus::Deployed);
        // A first install that failed can be mended by an upgrade.
        let usable = matches!(status, RecordStatus::Failed | RecordStatus::Superseded);
        let at = deployed.or(usable.then(|| history.len() - 1)).ok_or_else(missing)?;
        Ok((number, history.swap_remove(at)))
    }

    /// The objects of a recorded revision; kinds that are gone have no objects left.
    pub(super) fn recorded(&self, record: &Record, discovery: &Discovery) -> Result<Vec<Target>, ReleaseError> {
        let manifests = parse_manifests(&record.manifest)?;
        let mut objects = Vec::new();
        for manifest in manifests {
            match targets(std::slice::from_ref::<Manifest>(&manifest), discovery, &self.namespace) {
                Ok(found) => objects.extend(found),
                Err(ReleaseError::UnknownKind { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(objects)
    }

    /// Writes the new objects, then removes the old ones that are not among them.
    pub(super) async fn replace(&self, old: &[Target], new: &[Target], options: &ReleaseOptions) -> Result<(), ReleaseError> {
        self.write(new, options).await?;
        let staying: BTreeSet<Identity> = new.iter().map(Target::identity).collect();
        let leaving: Vec<Target> = old.iter().filter(|t| !staying.contains(&t.identity())).cloned().collect();
        apply::delete(&self.client, &leaving, apply::Keep::Live).await
    }

    /// Records how an upgrade ended.
    async fn conclude(&self, result: Result<(), ReleaseError>, record: &mut Record, previous: &mut Record) -> Result<(), ReleaseError> {
        let store = self.store();
        match &result {
            Ok(()) => {
                previous.info.status = RecordStatus::Superseded;
                store.update(previous).await?;
                record.set(RecordStatus::Deployed, "Upgrade complete");
            }
            Err(error) => {
                let text = format!("Upgrade {:?} failed: {error}", record.name);
                record.set(RecordStatus::Failed, text);
            }
        }
        store.update(record).await?;
        result
    }
}
