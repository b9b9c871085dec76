//! What a request wants to do, as authorisation sees it.

use crate::apiserver::Request;
use crate::resource::Resource;

/// A verb on something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) verb: String,
    pub(crate) scope: Scope,
}

/// What a verb is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// A path outside of the resource tree, for example `/version`.
    Path(String),
    /// A resource.
    Resource {
        resource: Resource,
        subresource: String,
        /// Empty for the cluster scope.
        namespace: String,
        /// Empty for collections.
        name: String,
    },
}

impl Attributes {
    /// A verb on a path.
    pub(crate) fn path(verb: &str, path: &str) -> Self {
        Self {
            verb: verb.into(),
            scope: Scope::Path(path.into()),
        }
    }

    /// A verb on a resource.
    pub(crate) fn resource(verb: &str, resource: Resource, namespace: &str, name: &str) -> Self {
        let scope = Scope::Resource {
            resource,
            subresource: String::new(),
            namespace: namespace.into(),
            name: name.into(),
        };
        Self { verb: verb.into(), scope }
    }

    /// Where it happens; empty: in the cluster.
    pub(super) fn namespace(&self) -> &str {
        match &self.scope {
            Scope::Resource { namespace, .. } => namespace,
            Scope::Path(_) => "",
        }
    }

    /// The sentence after `... is forbidden: `.
    pub(crate) fn denial(&self, user: &str) -> String {
        match &self.scope {
            Scope::Path(path) => format!("User {user:?} cannot {} path {path:?}", self.verb),
            Scope::Resource {
                resource,
                subresource,
                namespace,
                ..
            } => {
                let plural = resource.plural();
                let what = if subresource.is_empty() {
                    plural.to_owned()
                } else {
                    format!("{plural}/{subresource}")
                };
                let place = if namespace.is_empty() {
                    "at the cluster scope".into()
                } else {
                    format!("in the namespace {namespace:?}")
                };
                format!(
                    "User {user:?} cannot {} resource {what:?} in API group {:?} {place}",
                    self.verb,
                    resource.group()
                )
            }
        }
    }
}

impl Request {
    /// This request's attributes.
    pub(crate) fn attributes(&self) -> Attributes {
        let target = &self.target;
        let name = target.name.clone().unwrap_or_default();
        // A namespace is authorised as an object in itself.
        let own = (target.resource.group().is_empty() && target.resource.plural() == "namespaces").then(|| name.clone());
        let scope = Scope::Resource {
            resource: target.resource.clone(),
            subresource: target.subresource.clone().unwrap_or_default(),
            namespace: target.namespace.clone().or(own).unwrap_or_default(),
            name,
        };
        Attributes {
            verb: self.verb.name().into(),
            scope,
        }
    }
}
