//! `helm install`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, Patch, PatchParams};
use regex::Regex;
use serde_json::json;

use super::objects::{Target, targets};
use super::record::{self, RecordInfo};
use super::{Record, RecordStatus, ReleaseError, ReleaseOptions, Releases, apply, hooks, wait};
use crate::chart::Chart;
use crate::render::{HookEvent, ReleaseInfo, Rendered};
use crate::values::Values;

static NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$").ok());

impl Releases {
    /// Installs a chart and returns revision 1.
    ///
    /// # Errors
    /// The name is invalid or taken, the chart does not render, an object belongs to
    /// someone else, or the API server refuses one. From the first write on, a failure
    /// is recorded as a failed revision, as Helm does.
    pub async fn install(&self, name: &str, chart: &Chart, values: Values, options: &ReleaseOptions) -> Result<Record, ReleaseError> {
        if name.len() > 53 || !NAME.as_ref().is_some_and(|regex| regex.is_match(name)) {
            return Err(ReleaseError::InvalidName { name: name.to_owned() });
        }
        if !self.history(name).await?.is_empty() {
            return Err(ReleaseError::NameInUse);
        }
        self.install_after(None, name, chart, values, options).await
    }

    /// Installs where there is no release, or behind the records that an uninstall has kept.
    pub(super) async fn install_after(
        &self,
        last: Option<Record>,
        name: &str,
        chart: &Chart,
        values: Values,
        options: &ReleaseOptions,
    ) -> Result<Record, ReleaseError> {
        self.install_crds(chart, values.clone(), options).await?;
        let discovery = self.discover().await?;
        let info = ReleaseInfo {
            name: name.to_owned(),
            namespace: self.namespace.clone(),
            revision: 1,
            upgrade: false,
        };
        let rendered = self.rendered(chart, values.clone(), &discovery, info, options).await?;
        let mut objects = targets(&rendered.manifests, &discovery, &self.namespace)?;
        if options.create_namespace {
            self.create_namespace().await?;
        }
        if !options.take_ownership {
            apply::check_ownership(&self.client, &objects, &BTreeSet::new(), name, &self.namespace)
                .await
                .map_err(|error| error.during("unable to continue with install"))?;
        }
        objects.iter_mut().for_each(|object| object.own(name, &self.namespace));

        // Templates see revision 1 all the same, as with Helm.
        let version = last.as_ref().map_or(1, |last| last.version + 1);
        let mut record = self.new_record(name, chart, &values, &rendered, version, RecordStatus::PendingInstall);
        record.info.description = "Initial install underway".into();
        let store = self.store();
        if let Some(mut last) = last {
            last.set(RecordStatus::Superseded, "superseded by new release");
            store.update(&last).await?;
        }
        store
            .create(&record)
            .await
            .map_err(|error| error.during("create: failed to create"))?;
        let done = async {
            let events = (HookEvent::PreInstall, HookEvent::PostInstall);
            hooks::run(&self.client, &discovery, &rendered.hooks, events.0, &self.namespace, options).await?;
            self.write(&objects, options).await?;
            hooks::run(&self.client, &discovery, &rendered.hooks, events.1, &self.namespace, options).await
        };
        match done.await {
            Ok(()) => {
                record.set(RecordStatus::Deployed, "Install complete");
                store.update(&record).await?;
                Ok(record)
            }
            Err(error) => {
                record.set(RecordStatus::Failed, format!("Release {name:?} failed: {error}"));
                store.update(&record).await?;
                Err(error)
            }
        }
    }

    /// Applies objects and waits for them, if asked to.
    pub(super) async fn write(&self, objects: &[Target], options: &ReleaseOptions) -> Result<(), ReleaseError> {
        apply::apply(&self.client, objects, options).await?;
        if options.wait {
            wait::ready(&self.client, objects, options.timeout).await?;
        }
        Ok(())
    }

    pub(super) fn new_record(
        &self,
        name: &str,
        chart: &Chart,
        values: &Values,
        rendered: &Rendered,
        version: u32,
        status: RecordStatus,
    ) -> Record {
        let now = (self.clock)().to_string();
        Record {
            name: name.to_owned(),
            info: RecordInfo {
                first_deployed: now.clone(),
                last_deployed: now,
                deleted: String::new(),
                description: String::new(),
                status,
                notes: rendered.notes.clone().unwrap_or_default(),
            },
            chart: record::chart(chart),
            config: record::integers(&serde_json::Value::Object(values.as_json().clone())),
            manifest: rendered.to_yaml(),
            hooks: record::hooks(&rendered.hooks),
            version,
            namespace: self.namespace.clone(),
            apply_method: "ssa".into(),
        }
    }

    /// Definitions in `crds/` are installed once and never changed.
    async fn install_crds(&self, chart: &Chart, values: Values, options: &ReleaseOptions) -> Result<(), ReleaseError> {
        let crds = crate::render::crds(chart, &values)?;
        if crds.is_empty() {
            return Ok(());
        }
        let mut missing = Vec::new();
        for target in targets(&crds, &self.discover().await?, &self.namespace)? {
            if target.api(&self.client).get_opt(&target.name).await?.is_none() {
                missing.push(target);
            }
        }
        let failed = |error: ReleaseError| error.during("failed to install CRD");
        apply::apply(&self.client, &missing, options).await.map_err(failed)?;
        wait::ready(&self.client, &missing, options.timeout).await.map_err(failed)
    }

    async fn create_namespace(&self) -> Result<(), ReleaseError> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        if namespaces.get_opt(&self.namespace).await?.is_some() {
            return Ok(());
        }
        let object = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": self.namespace, "labels": {"name": self.namespace}}});
        namespaces
            .patch(&self.namespace, &PatchParams::apply("helm"), &Patch::Apply(&object))
            .await?;
        Ok(())
    }
}
