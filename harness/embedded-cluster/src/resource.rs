//! Names of resource types: group, version, plural.

use std::fmt;

use smol_str::SmolStr;

/// A resource type of the API, for example `apps/v1 deployments`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    group: SmolStr,
    version: SmolStr,
    plural: SmolStr,
}

impl Resource {
    /// A resource known when compiling. The core group is `""`.
    pub const fn new(group: &'static str, version: &'static str, plural: &'static str) -> Self {
        Self {
            group: SmolStr::new_static(group),
            version: SmolStr::new_static(version),
            plural: SmolStr::new_static(plural),
        }
    }

    /// A resource known only when running, such as a custom resource.
    pub fn named(group: impl Into<SmolStr>, version: impl Into<SmolStr>, plural: impl Into<SmolStr>) -> Self {
        Self {
            group: group.into(),
            version: version.into(),
            plural: plural.into(),
        }
    }

    /// The resource of a type of `k8s-openapi`.
    pub const fn of<K: k8s_openapi::Resource>() -> Self {
        Self::new(K::GROUP, K::VERSION, K::URL_PATH_SEGMENT)
    }

    /// API group; empty for the core group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// API version, for example `v1`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Plural name in paths.
    pub fn plural(&self) -> &str {
        &self.plural
    }

    /// `v1` or `apps/v1`, as in an object's `apiVersion`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `pods` or `deployments.apps`, as in messages.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_string()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.api_version(), self.plural)
    }
}
