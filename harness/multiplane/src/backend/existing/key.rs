//! Which object a request is about.

use std::fmt;

use kube::api::ApiResource;
use serde::{Deserialize, Serialize};

/// An object of a cluster. Versions of its API are left out: they show the same object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Key {
    /// `deployments.apps`, as kubectl has it.
    pub(super) resource: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

impl Key {
    pub(super) fn new(resource: &str, namespace: Option<&str>, name: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    /// The namespace with this name.
    pub(super) fn namespace(name: &str) -> Self {
        Self::new("namespaces", None, name)
    }

    /// The namespace that this is, or that it stands in.
    pub(super) fn place(&self) -> Option<&str> {
        match self.resource.as_str() {
            "namespaces" => Some(&self.name),
            _ => self.namespace.as_deref(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.resource, self.name),
            None => write!(f, "{} {}", self.resource, self.name),
        }
    }
}

/// `deployments.apps`; `pods` in the core group.
pub(super) fn resource(group: &str, plural: &str) -> String {
    if group.is_empty() {
        plural.to_owned()
    } else {
        format!("{plural}.{group}")
    }
}

/// The same of a kind that the cluster serves.
pub(super) fn resource_of(kind: &ApiResource) -> String {
    resource(&kind.group, &kind.plural)
}

/// What a request's path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) group: &'a str,
    pub(super) plural: &'a str,
    pub(super) namespace: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) subresource: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Reads `/api/v1/namespaces/flyte/pods/a/log`; `None` if the path is not one of objects.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let mut parts = path.trim_matches('/').split('/');
        let group = match parts.next()? {
            "api" => "",
            "apis" => parts.next()?,
            _ => return None,
        };
        parts.next()?;
        let rest: Vec<&str> = parts.collect();
        let (namespace, rest) = match rest.as_slice() {
            // `namespaces/a` is the namespace itself, and these are its subresources.
            ["namespaces", _, "status" | "finalize"] => (None, rest.as_slice()),
            ["namespaces", namespace, inner @ ..] if !inner.is_empty() => (Some(*namespace), inner),
            _ => (None, rest.as_slice()),
        };
        Some(Self {
            group,
            plural: rest.first()?,
            namespace,
            name: rest.get(1).copied(),
            subresource: rest.get(2).copied(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, resource};
    use rstest::rstest;

    #[rstest]
    #[case("/api/v1/namespaces", "namespaces", None, None, None)]
    #[case("/api/v1/namespaces/flyte", "namespaces", None, Some("flyte"), None)]
    #[case("/api/v1/namespaces/flyte/finalize", "namespaces", None, Some("flyte"), Some("finalize"))]
    #[case("/api/v1/namespaces/flyte/secrets", "secrets", Some("flyte"), None, None)]
    #[case("/api/v1/namespaces/flyte/pods/a/log", "pods", Some("flyte"), Some("a"), Some("log"))]
    #[case("/apis/apps/v1/namespaces/flyte/deployments/a", "deployments.apps", Some("flyte"), Some("a"), None)]
    #[case(
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/a",
        "clusterroles.rbac.authorization.k8s.io",
        None,
        Some("a"),
        None
    )]
    fn paths(
        #[case] path: &str,
        #[case] expected: &str,
        #[case] namespace: Option<&str>,
        #[case] name: Option<&str>,
        #[case] subresource: Option<&str>,
    ) {
        let target = Target::parse(path).unwrap();
        assert_eq!(resource(target.group, target.plural), expected);
        assert_eq!((target.namespace, target.name, target.subresource), (namespace, name, subresource));
    }

    #[rstest]
    #[case("/version")]
    #[case("/apis")]
    #[case("/apis/apps/v1")]
    fn paths_of_no_objects(#[case] path: &str) {
        assert_eq!(Target::parse(path), None);
    }
}
