//! Objects of kinds that are known only at run time.

use kube::api::{ApiResource, DynamicObject, GroupVersionKind};
use kube::core::TypeMeta;
use kube::discovery::{Scope, pinned_kind};
use kube::{Api, Client};

use super::step::failure::Failure;

/// The kinds that one cluster serves.
#[derive(Clone)]
pub(crate) struct Kinds(Client);

impl Kinds {
    pub(crate) fn of(client: Client) -> Self {
        Self(client)
    }

    /// The API for a kind: of one namespace, or of all if none is given.
    ///
    /// # Errors
    /// If the cluster does not serve the kind.
    pub(crate) async fn api(
        &self,
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
    ) -> Result<(Api<DynamicObject>, ApiResource), Failure> {
        let (resource, scope) = self.find(api_version, kind).await?;
        let api = match namespace.filter(|_| scope == Scope::Namespaced) {
            Some(namespace) => Api::namespaced_with(self.0.clone(), namespace, &resource),
            None => Api::all_with(self.0.clone(), &resource),
        };
        Ok((api, resource))
    }

    /// The API for an object: of its namespace, or of `default` if it is namespaced and names none.
    ///
    /// # Errors
    /// If the cluster does not serve the object's kind.
    pub(crate) async fn api_of(&self, object: &DynamicObject, default: &str) -> Result<Api<DynamicObject>, Failure> {
        let TypeMeta { api_version, kind } = object.types.clone().unwrap_or_default();
        let namespace = object.metadata.namespace.as_deref().unwrap_or(default);
        Ok(self.api(&api_version, &kind, Some(namespace)).await?.0)
    }

    async fn find(&self, api_version: &str, kind: &str) -> Result<(ApiResource, Scope), Failure> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let gvk = GroupVersionKind::gvk(group, version, kind);
        let (resource, capabilities) = pinned_kind(&self.0, &gvk).await.map_err(|error| match error {
            // The version is not served, or the kind is not in it.
            kube::Error::Discovery(_) => unknown_kind(api_version, kind),
            kube::Error::Api(status) if status.is_not_found() => unknown_kind(api_version, kind),
            other => other.into(),
        })?;
        Ok((resource, capabilities.scope))
    }
}

fn unknown_kind(api_version: &str, kind: &str) -> Failure {
    Failure::expectation("unknown-kind", format!("no matches for kind {kind:?} in version {api_version:?}"))
        .help("install its CustomResourceDefinition first, or check apiVersion and kind")
}
