//! Parameters and answers of the in-process client.

use std::sync::Arc;

use crate::value::Value;

use crate::apiserver::{Body, Options, PatchKind};
use crate::object::Object;

/// Which objects a list or watch is about. Empty selectors match everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListOptions {
    /// For example `app=web,tier in (a,b)`.
    pub(crate) label_selector: Option<String>,
    /// For example `spec.nodeName=node-1`.
    pub(crate) field_selector: Option<String>,
}

impl ListOptions {
    pub(super) fn options(&self) -> Options {
        Options {
            label_selector: self.label_selector.clone().unwrap_or_default(),
            field_selector: self.field_selector.clone().unwrap_or_default(),
            ..Options::default()
        }
    }
}

/// A consistent list: all items as of `revision`.
#[derive(Clone, Debug)]
pub(crate) struct List {
    /// Sorted by namespace and name.
    pub(crate) items: Vec<Arc<Object>>,
    /// Where a watch continues.
    pub(crate) revision: u64,
}

/// A change to an object.
#[derive(Clone, Debug)]
pub(crate) enum Patch {
    /// RFC 7386.
    Merge(Value),
    /// Kubernetes' strategic merge.
    Strategic(Value),
}

impl Patch {
    pub(super) fn body(self) -> Body {
        match self {
            Patch::Merge(value) => Body::Patch(PatchKind::Merge, value),
            Patch::Strategic(value) => Body::Patch(PatchKind::Strategic, value),
        }
    }
}

/// What becomes of an object's dependents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Propagation {
    /// They lose their owner reference.
    Orphan,
    /// They are deleted after the object.
    Background,
    /// They are deleted before the object.
    Foreground,
}

impl Propagation {
    /// As `propagationPolicy` names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Propagation::Orphan => "Orphan",
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
        }
    }
}

/// How to delete.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeleteOptions {
    /// Seconds that a pod has to stop; none: the object's own.
    pub(crate) grace_period_seconds: Option<i64>,
    /// None: the resource's default.
    pub(crate) propagation: Option<Propagation>,
    /// Only when the object has this uid.
    pub(crate) uid: Option<String>,
    /// Only when the object has this revision.
    pub(crate) resource_version: Option<String>,
}

impl DeleteOptions {
    /// Only the object with this uid.
    pub(crate) fn of_uid(uid: impl Into<String>) -> Self {
        Self {
            uid: Some(uid.into()),
            ..Self::default()
        }
    }

    pub(super) fn options(&self) -> Options {
        Options {
            grace_period_seconds: self.grace_period_seconds,
            propagation: self.propagation,
            precondition_uid: self.uid.clone(),
            precondition_revision: self.resource_version.clone(),
            ..Options::default()
        }
    }
}
