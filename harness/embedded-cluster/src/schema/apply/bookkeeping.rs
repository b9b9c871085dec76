//! Who set what: the bookkeeping of every write.

use std::sync::LazyLock;

use crate::value::Value;

use super::fieldset::{FieldSet, PathElement};
use super::managers::{Managed, Manager, Managers};
use super::operation::Writer;
use super::typed::{self, Comparison};
use crate::schema::Node;

/// Metadata that is the server's, or names the object: nobody manages it.
const UNMANAGED_METADATA: [&str; 9] = [
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// Books the differences between `old` and `new` to the writer.
pub(super) fn track(schema: &Node, old: &Value, new: &Value, managers: &mut Managers, writer: Writer<'_>) {
    let comparison = typed::compare(schema, old, new).without(writer.reset);
    let changed = comparison.changed();
    book(managers, &comparison, changed, writer);
}

/// Takes what a write changed from everybody, and gives it to the writer.
pub(super) fn book(managers: &mut Managers, comparison: &Comparison, changed: FieldSet, writer: Writer<'_>) {
    release(managers, comparison, None);
    let added = stripped(changed);
    if added.is_empty() {
        return;
    }
    let managed = managers.entry(author(writer)).or_insert_with(|| Managed {
        set: FieldSet::default(),
        api_version: writer.api_version.to_owned(),
        time: None,
    });
    managed.set.union_with(added);
    managed.time = Some(writer.time.to_owned());
}

/// The manager that an update is booked to.
pub(super) fn author(writer: Writer<'_>) -> Manager {
    Manager::updater(writer.manager, writer.subresource, writer.api_version)
}

/// Takes changed and removed fields from all managers but one.
pub(super) fn release(managers: &mut Managers, comparison: &Comparison, but: Option<&Manager>) {
    if managers.is_empty() {
        return;
    }
    let changed = comparison.changed();
    for (manager, managed) in managers.iter_mut() {
        if Some(manager) != but {
            managed.set.remove(&changed);
            managed.set.remove(&comparison.removed);
        }
    }
    managers.retain(|_, managed| !managed.set.is_empty());
}

/// The set without fields that nobody manages.
pub(super) fn stripped(mut set: FieldSet) -> FieldSet {
    set.remove(&UNMANAGED);
    set
}

/// Fields that nobody manages.
static UNMANAGED: LazyLock<FieldSet> = LazyLock::new(|| {
    let mut unmanaged = FieldSet::default();
    for field in ["apiVersion", "kind", "metadata"] {
        unmanaged.insert(PathElement::Field(field.into()));
    }
    for field in UNMANAGED_METADATA {
        unmanaged.union_with(FieldSet::of_path(&["metadata", field]));
    }
    unmanaged
});
