//! Rendering for a cluster: its capabilities, and answers to `lookup`.

use std::collections::{BTreeMap, BTreeSet};

use kube::api::{Api, DynamicObject, GroupVersionKind, ListParams};
use kube::discovery::{Discovery, Scope};
use serde_json::{Value as Json, json};

use super::discovery::discover;
use super::{ReleaseError, ReleaseOptions, Releases};
use crate::chart::Chart;
use crate::error::Error;
use crate::render::{Capabilities, LookupKey, ReleaseInfo, RenderInput, Rendered, render};
use crate::values::Values;

/// Rounds of rendering and fetching; a lookup may depend on another's answer.
const LOOKUP_ROUNDS: usize = 8;

impl Releases {
    pub(super) async fn discover(&self) -> Result<Discovery, ReleaseError> {
        Ok(discover(&self.client).await?)
    }

    async fn capabilities(&self, discovery: &Discovery) -> Result<Capabilities, ReleaseError> {
        let mut api_versions = BTreeSet::new();
        for group in discovery.groups() {
            for version in group.versions() {
                for (resource, _) in group.versioned_resources(version) {
                    api_versions.insert(format!("{}/{}", resource.api_version, resource.kind));
                    api_versions.insert(resource.api_version);
                }
            }
        }
        let kube_version = self.client.apiserver_version().await?.git_version;
        Ok(Capabilities {
            kube_version,
            api_versions,
        })
    }

    /// What an installation would apply, as the cluster is now; nothing is changed.
    ///
    /// # Errors
    /// The chart does not render, or the API server does not answer.
    pub async fn preview(&self, name: &str, chart: &Chart, values: Values, options: &ReleaseOptions) -> Result<Rendered, ReleaseError> {
        let discovery = self.discover().await?;
        let info = ReleaseInfo {
            name: name.to_owned(),
            namespace: self.namespace.clone(),
            revision: 1,
            upgrade: false,
        };
        self.rendered(chart, values, &discovery, info, options).await
    }

    /// Renders until every lookup has its answer.
    pub(super) async fn rendered(
        &self,
        chart: &Chart,
        values: Values,
        discovery: &Discovery,
        release: ReleaseInfo,
        options: &ReleaseOptions,
    ) -> Result<Rendered, ReleaseError> {
        let mut input = RenderInput {
            release,
            values,
            capabilities: self.capabilities(discovery).await?,
            now: (self.clock)(),
            seed: options.seed,
            lookups: BTreeMap::new(),
        };
        for _ in 0..LOOKUP_ROUNDS {
            let keys = match render(chart, &input) {
                Ok(rendered) if rendered.missing_lookups.is_empty() => return Ok(rendered),
                Ok(rendered) => rendered.missing_lookups,
                Err(Error::Lookups(keys)) => keys,
                Err(error) => return Err(error.into()),
            };
            for key in keys {
                let answer = self.lookup(discovery, &key).await?;
                input.lookups.insert(key, answer);
            }
        }
        Ok(render(chart, &input)?)
    }

    /// An object or list; what is not there is an empty mapping.
    async fn lookup(&self, discovery: &Discovery, key: &LookupKey) -> Result<Json, ReleaseError> {
        let (group, version) = key.api_version.split_once('/').unwrap_or(("", &key.api_version));
        let found = discovery.resolve_gvk(&GroupVersionKind::gvk(group, version, &key.kind));
        let Some((resource, capabilities)) = found else {
            return Ok(json!({}));
        };
        let api: Api<DynamicObject> = match capabilities.scope {
            Scope::Namespaced if !key.namespace.is_empty() => Api::namespaced_with(self.client.clone(), &key.namespace, &resource),
            _ => Api::all_with(self.client.clone(), &resource),
        };
        let to_json = |value: serde_json::Result<Json>| value.map_err(|e| kube::Error::SerdeError(e).into());
        if key.name.is_empty() {
            let list = api.list(&ListParams::default()).await?;
            return to_json(serde_json::to_value(&list));
        }
        match api.get_opt(&key.name).await? {
            Some(object) => to_json(serde_json::to_value(&object)),
            None => Ok(json!({})),
        }
    }
}
