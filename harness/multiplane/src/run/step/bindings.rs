//! The bindings by which a service account has its permissions.

use std::fmt;

use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use scenario::NamespacedName;
use serde_json::{Value, json};

use super::failure::Failure;
use crate::run::objects::Kinds;

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// A RoleBinding or ClusterRoleBinding that names an account.
#[derive(Clone)]
pub(super) struct Bound {
    api: Api<DynamicObject>,
    kind: &'static str,
    name: String,
    before: Value,
    without: Value,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

impl Bound {
    /// Takes the account out of it.
    pub(super) async fn take(&self) -> Result<(), kube::Error> {
        self.set(&self.without).await
    }

    /// Makes it as it was.
    pub(super) async fn give_back(&self) -> Result<(), kube::Error> {
        self.set(&self.before).await
    }

    async fn set(&self, subjects: &Value) -> Result<(), kube::Error> {
        let patch = Patch::Merge(json!({"subjects": subjects}));
        self.api.patch(&self.name, &PatchParams::default(), &patch).await?;
        Ok(())
    }
}

/// All bindings of a cluster that name the account.
pub(super) async fn named(kinds: &Kinds, account: &NamespacedName) -> Result<Vec<Bound>, Failure> {
    let mut found = Vec::new();
    for kind in ["ClusterRoleBinding", "RoleBinding"] {
        let (all, _) = kinds.api(RBAC, kind, None).await?;
        for binding in all.list(&ListParams::default()).await? {
            let subjects = binding.data["subjects"].as_array().cloned().unwrap_or_default();
            let without: Vec<&Value> = subjects.iter().filter(|subject| !is(subject, account)).collect();
            if without.len() < subjects.len() {
                let (api, _) = kinds.api(RBAC, kind, binding.metadata.namespace.as_deref()).await?;
                found.push(Bound {
                    api,
                    kind,
                    name: binding.name_any(),
                    without: json!(without),
                    before: json!(subjects),
                });
            }
        }
    }
    Ok(found)
}

/// Whether a subject of a binding is the account.
fn is(subject: &Value, account: &NamespacedName) -> bool {
    subject["kind"] == "ServiceAccount" && subject["name"] == account.name && subject["namespace"] == account.namespace
}
