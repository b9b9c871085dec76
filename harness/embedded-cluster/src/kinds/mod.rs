//! The table of kinds: what the API serves, and how kinds differ.
//!
//! Built-in kinds come from discovery data, once a process; their differences in behaviour are a
//! small table in [`strategy`]. Custom resource definitions add kinds to one cluster at run time.

mod builtin;
mod strategy;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

pub(crate) use builtin::BUILTIN;
pub(crate) use strategy::{Generation, NameRule, Strategy};

use crate::resource::Resource;
use crate::schema::decode::DecodeError;
use crate::schema::{self, Node};
use crate::store::Key;

/// One served resource type in one version.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) resource: Resource,
    /// For example `Deployment`.
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    pub(crate) verbs: Vec<String>,
    pub(crate) subresources: Vec<Subresource>,
    pub(crate) strategy: Strategy,
    /// Where its objects are kept; all versions of a resource share one collection.
    pub(crate) key: Key,
    /// The version that is stored.
    pub(crate) storage_version: String,
    pub(crate) schema: OnceLock<Option<&'static Node>>,
    /// Set for custom resources.
    pub(crate) custom: Option<Arc<crate::crd::Version>>,
}

/// A path below an object, such as `status`.
#[derive(Clone, Debug)]
pub(crate) struct Subresource {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) verbs: Vec<String>,
}

impl Kind {
    /// Whether the resource has this verb.
    pub(crate) fn has_verb(&self, verb: &str) -> bool {
        self.verbs.iter().any(|v| v == verb)
    }

    /// The subresource of this name.
    pub(crate) fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|s| s.name == name)
    }

    /// The schema of its objects.
    pub(crate) fn schema(&self) -> Option<&Node> {
        match &self.custom {
            Some(custom) => Some(custom.schema.node()),
            None => *self
                .schema
                .get_or_init(|| schema::builtin().of_gvk(self.resource.group(), self.resource.version(), &self.kind)),
        }
    }

    /// Brings an object into the form of its schema and returns the undeclared fields that this dropped.
    ///
    /// # Errors
    /// A value of a wrong type.
    pub(crate) fn decode(&self, object: &mut crate::value::Value) -> Result<Vec<String>, DecodeError> {
        self.decode_change(object, None)
    }

    /// As [`decode`](Self::decode), for what was made of `old`, which is in that form: only what is new is looked at.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub(crate) fn decode_change(
        &self,
        object: &mut crate::value::Value,
        old: Option<&crate::value::Value>,
    ) -> Result<Vec<String>, DecodeError> {
        match (&self.custom, self.schema()) {
            // The definition may have changed since the old object was stored.
            (Some(custom), _) => custom.schema.decode(object),
            (None, Some(node)) => schema::decode::check_change(node, object, old),
            (None, None) => Ok(vec![]),
        }
    }

    /// Fills in the defaults of its objects. `applied`: the object comes of server-side apply.
    pub(crate) fn set_defaults(&self, object: &mut crate::value::Value, applied: bool) {
        match &self.custom {
            Some(custom) => custom.schema.set_defaults(object, applied),
            None => schema::defaults::apply(self.resource.group(), self.resource.version(), &self.kind, object),
        }
    }

    /// The kind of a body or answer that is not a resource of its own, such as `Scale`.
    pub(crate) fn part(group: &'static str, version: &'static str, kind: &str) -> Self {
        let resource = Resource::new(group, version, "");
        Self {
            list_kind: format!("{kind}List"),
            kind: kind.to_owned(),
            singular: String::new(),
            short_names: vec![],
            categories: vec![],
            namespaced: true,
            verbs: vec![],
            subresources: vec![],
            strategy: Strategy::USUAL,
            key: "".into(),
            storage_version: resource.api_version(),
            resource,
            schema: OnceLock::new(),
            custom: None,
        }
    }

    /// `apiVersion` of its objects.
    pub(crate) fn api_version(&self) -> String {
        self.resource.api_version()
    }

    /// Whether objects are kept, unlike reviews, which are only answered.
    pub(crate) fn is_stored(&self) -> bool {
        self.has_verb("get")
    }
}

/// The kinds of one cluster: the built-in ones and its custom ones.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    custom: RwLock<BTreeMap<Resource, Arc<Kind>>>,
}

impl Kinds {
    /// The kind of a resource, if it is served.
    pub(crate) fn find(&self, resource: &Resource) -> Option<Arc<Kind>> {
        if let Some(kind) = BUILTIN.by_resource.get(resource) {
            return Some(kind.clone());
        }
        self.custom.read().unwrap_or_else(PoisonError::into_inner).get(resource).cloned()
    }

    /// The kind with this `apiVersion` and `kind`.
    pub(crate) fn of_object(&self, api_version: &str, kind: &str) -> Option<Arc<Kind>> {
        self.all().into_iter().find(|k| k.kind == kind && k.api_version() == api_version)
    }

    /// The other versions in which the objects of a kind are served.
    pub(crate) fn versions(&self, kind: &Kind) -> Vec<Arc<Kind>> {
        let other = |other: &&Arc<Kind>| other.key == kind.key && other.resource != kind.resource;
        if kind.custom.is_none() {
            return BUILTIN.in_order.iter().filter(other).cloned().collect();
        }
        let custom = self.custom.read().unwrap_or_else(PoisonError::into_inner);
        custom.values().filter(other).cloned().collect()
    }

    /// All kinds: the built-in ones in discovery's order, then the custom ones by name.
    pub(crate) fn all(&self) -> Vec<Arc<Kind>> {
        let custom = self.custom.read().unwrap_or_else(PoisonError::into_inner);
        BUILTIN.in_order.iter().chain(custom.values()).cloned().collect()
    }

    /// Only the custom kinds, by group, version and plural.
    pub(crate) fn custom(&self) -> Vec<Arc<Kind>> {
        self.custom
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    /// Replaces the kinds that a definition serves (none: it is gone).
    pub(crate) fn set_custom(&self, group: &str, plural: &str, kinds: Vec<Kind>) {
        let mut custom = self.custom.write().unwrap_or_else(PoisonError::into_inner);
        custom.retain(|resource, _| resource.group() != group || resource.plural() != plural);
        custom.extend(kinds.into_iter().map(|kind| (kind.resource.clone(), Arc::new(kind))));
    }
}
