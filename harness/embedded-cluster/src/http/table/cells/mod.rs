//! What stands in the cells of a row: one function a kind.

mod admission;
mod batch;
mod core;
mod custom;
mod events;
mod network;
mod node;
mod pod;
mod policy;
mod storage;
mod text;
mod workloads;

use jiff::Timestamp;

use super::{age, columns};
use crate::controllers::fields::Fields;
use crate::kinds::Kind;
use crate::object::Object;
use crate::value::{Value, json};

/// An object to be shown, and when.
struct Shown<'a> {
    object: &'a Object,
    now: Timestamp,
}

impl Shown<'_> {
    fn name(&self) -> &str {
        self.object.name()
    }

    /// How old the object is.
    fn age(&self) -> String {
        age::of(self.object.at("/metadata/creationTimestamp"), self.now)
    }

    /// How long ago the time at a pointer was.
    fn since(&self, pointer: &str) -> String {
        age::of(self.object.at(pointer), self.now)
    }

    fn is_deleted(&self) -> bool {
        self.object.deletion_timestamp().is_some()
    }
}

impl Fields for Shown<'_> {
    fn at(&self, pointer: &str) -> &Value {
        self.object.at(pointer)
    }
}

/// The cells of an object, in the order of its kind's columns.
pub(super) fn of(kind: &Kind, object: &Object, now: Timestamp) -> Value {
    let shown = Shown { object, now };
    if let Some(version) = &kind.custom {
        return custom::cells(&shown, &version.columns);
    }
    let (group, plural) = (kind.resource.group(), kind.resource.plural());
    match own(&shown, group, plural) {
        Some(cells) if columns::has_own(kind) => cells,
        _ => json!([shown.name(), object.creation_timestamp()]),
    }
}

fn own(shown: &Shown<'_>, group: &str, plural: &str) -> Option<Value> {
    Some(match (group, plural) {
        ("", "pods") => pod::cells(shown),
        ("", "nodes") => node::cells(shown),
        ("", "events") | ("events.k8s.io", "events") => events::cells(shown),
        ("", "services" | "endpoints") | ("discovery.k8s.io" | "networking.k8s.io", _) => return network::cells(shown, plural),
        ("", "persistentvolumes" | "persistentvolumeclaims") | ("storage.k8s.io", _) => return storage::cells(shown, plural),
        ("", "replicationcontrollers" | "podtemplates") | ("apps", _) => return workloads::cells(shown, plural),
        ("batch" | "autoscaling", _) => return batch::cells(shown, plural),
        ("admissionregistration.k8s.io" | "apiregistration.k8s.io" | "flowcontrol.apiserver.k8s.io", _) => {
            return admission::cells(shown, plural);
        }
        (
            "policy"
            | "rbac.authorization.k8s.io"
            | "certificates.k8s.io"
            | "scheduling.k8s.io"
            | "node.k8s.io"
            | "resource.k8s.io"
            | "coordination.k8s.io",
            _,
        ) => return policy::cells(shown, plural),
        ("", _) => return core::cells(shown, plural),
        _ => return None,
    })
}

/// What a row says beside its cells: that a pod has ended.
pub(super) fn condition(kind: &Kind, object: &Object) -> Option<Value> {
    if kind.kind != "Pod" || !kind.resource.group().is_empty() {
        return None;
    }
    let (reason, message) = match object.str_at("/status/phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!({"type": "Completed", "status": "True", "reason": reason, "message": message}))
}
