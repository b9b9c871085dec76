//! The two kinds of writes: apply, and everything else.

use serde_json::Value;

use super::conflict::{Conflict, Message};
use super::fieldset::{FieldSet, PathElement};
use super::last_applied;
use super::managers::{self, Managed, Manager, Managers};
use super::typed::{self, Comparison};
use crate::schema::Node;

/// Who owns what an object had before anybody's fields were tracked.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";
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

/// A write and its author.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer<'a> {
    /// `fieldManager`, or what the client's User-Agent starts with.
    pub(crate) manager: &'a str,
    /// `apiVersion` the request is in.
    pub(crate) api_version: &'a str,
    /// Subresource of the request; empty for the object itself.
    pub(crate) subresource: &'a str,
    /// Time of the write, RFC 3339 in seconds.
    pub(crate) time: &'a str,
    /// Fields this write does not manage, see [`reset_fields`](super::reset_fields).
    pub(crate) reset: &'a FieldSet,
}

/// What an apply gives.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The object with the configuration merged in, managed fields included. It is as the configuration's author wrote
    /// it: decode and default it as any other input.
    pub(crate) object: Value,
}

/// Why an apply failed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The configuration carries managed fields: 400.
    #[error("metadata.managedFields must be nil")]
    ManagedFields,
    /// The configuration does not fit the schema: 500.
    #[error("failed to create typed patch object ({name}; {gvk}): {problem}")]
    Schema {
        /// `namespace/name` of the configuration.
        name: String,
        /// `group/version, Kind=kind`.
        gvk: String,
        /// What is wrong.
        problem: String,
    },
    /// Other managers hold fields that would change: 409.
    #[error("{}", Message(.0))]
    Conflicts(Vec<Conflict>),
}

/// Applies `config` to `live`, which is `None` when the object is to be created.
///
/// # Errors
/// See [`ApplyError`].
pub(crate) fn apply(schema: &Node, live: Option<&Value>, config: &Value, force: bool, writer: Writer<'_>) -> Result<Applied, ApplyError> {
    if config.pointer("/metadata/managedFields").is_some_and(|fields| !fields.is_null()) {
        return Err(ApplyError::ManagedFields);
    }
    typed::validate(schema, config).map_err(|problem| schema_error(config, problem))?;
    let empty = schema.empty();
    let mut managers = live.map(managers::decode).unwrap_or_default();
    let live = without_managed_fields(live.unwrap_or(&empty));
    if managers.is_empty() {
        let before = Writer {
            manager: BEFORE_FIRST_APPLY,
            ..writer
        };
        track(schema, &schema.empty(), &live, &mut managers, before);
    }
    let result = match merge(schema, &live, config, managers.clone(), force, writer) {
        Err(conflicts) if writer.manager == last_applied::KUBECTL => {
            let allowed = last_applied::allowed_conflicts(schema, &live);
            let remaining: Vec<Conflict> = conflicts
                .into_iter()
                .map(|conflict| conflict.without(&allowed))
                .filter(|conflict| !conflict.is_empty())
                .collect();
            if remaining.is_empty() {
                merge(schema, &live, config, managers, true, writer)
            } else {
                Err(remaining)
            }
        }
        result => result,
    };
    let (mut object, managers) = result.map_err(ApplyError::Conflicts)?;
    if writer.manager == last_applied::KUBECTL {
        last_applied::refresh(&mut object, config);
    }
    managers::encode(&mut object, managers);
    Ok(Applied { object })
}

/// Keeps the managed fields of `new`, which replaces `live` (`None` on create) by a write other than apply. Managed
/// fields that `new` carries itself are taken, unless the write goes through a subresource; `[{}]` resets them.
pub(crate) fn update(schema: &Node, live: Option<&Value>, new: &mut Value, writer: Writer<'_>) {
    let mut managers = match new.pointer("/metadata/managedFields").and_then(Value::as_array) {
        Some(entries) if writer.subresource.is_empty() => match entries.as_slice() {
            [Value::Object(entry)] if entry.values().all(Value::is_null) => {
                managers::encode(new, Managers::new());
                return;
            }
            _ => managers::decode(new),
        },
        _ => Managers::new(),
    };
    if managers.is_empty() {
        managers = live.map(managers::decode).unwrap_or_default();
    }
    if live.is_some() && managers.is_empty() {
        // Nobody tracked the object so far, so an update does not start it.
        managers::encode(new, managers);
        return;
    }
    let empty = schema.empty();
    let live = without_managed_fields(live.unwrap_or(&empty));
    managers::encode(new, Managers::new());
    track(schema, &live, new, &mut managers, writer);
    managers::cap(&mut managers);
    managers::encode(new, managers);
}

fn schema_error(config: &Value, problem: String) -> ApplyError {
    let text = |pointer: &str| config.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let api_version = text("/apiVersion");
    let version = if api_version.contains('/') {
        api_version.to_owned()
    } else {
        format!("/{api_version}")
    };
    ApplyError::Schema {
        name: format!("{}/{}", text("/metadata/namespace"), text("/metadata/name")),
        gvk: format!("{version}, Kind={}", text("/kind")),
        problem,
    }
}

fn without_managed_fields(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    object
}

/// Books the differences between `old` and `new` to the writer.
fn track(schema: &Node, old: &Value, new: &Value, managers: &mut Managers, writer: Writer<'_>) {
    let comparison = typed::compare(schema, old, new).without(writer.reset);
    release(managers, &comparison, None);
    let added = stripped(comparison.changed());
    if added.is_empty() {
        return;
    }
    let manager = Manager::updater(writer.manager, writer.subresource, writer.api_version);
    let managed = managers.entry(manager).or_insert_with(|| Managed {
        set: FieldSet::default(),
        api_version: writer.api_version.to_owned(),
        time: None,
    });
    managed.set.union_with(added);
    managed.time = Some(writer.time.to_owned());
}

/// Merges `config` into `live`: the new object and its managers, or the conflicts.
fn merge(
    schema: &Node,
    live: &Value,
    config: &Value,
    mut managers: Managers,
    force: bool,
    writer: Writer<'_>,
) -> Result<(Value, Managers), Vec<Conflict>> {
    let applier = Manager::applier(writer.manager, writer.subresource);
    let merged = typed::merge(schema, live, config);
    let set = stripped(typed::field_set(schema, config).recursive_difference(writer.reset));
    let previous = managers.remove(&applier);
    let last_set = previous.as_ref().map(|managed| managed.set.clone());
    managers.insert(
        applier.clone(),
        Managed {
            set,
            api_version: writer.api_version.to_owned(),
            time: previous.and_then(|managed| managed.time),
        },
    );
    let object = match last_set {
        Some(last_set) if !last_set.is_empty() => prune(schema, merged, &managers, &last_set),
        _ => merged,
    };
    let comparison = typed::compare(schema, live, &object);
    let owned = comparison.without(writer.reset);
    let conflicts: Vec<Conflict> = managers
        .iter()
        .filter(|(manager, _)| **manager != applier)
        .map(|(manager, managed)| {
            let fields = managed.set.intersection(&owned.changed());
            Conflict::new(manager, &managed.api_version, fields)
        })
        .filter(|conflict| !conflict.is_empty())
        .collect();
    if !force && !conflicts.is_empty() {
        return Err(conflicts);
    }
    release(&mut managers, &owned, Some(&applier));
    if object == *live {
        // Nothing changed in the object: its last change was not now.
        return Ok((object, managers));
    }
    if let Some(managed) = managers.get_mut(&applier) {
        managed.time = Some(writer.time.to_owned());
    }
    Ok((object, managers))
}

/// Takes changed and removed fields from all managers but one.
fn release(managers: &mut Managers, comparison: &Comparison, but: Option<&Manager>) {
    let changed = comparison.changed();
    for (manager, managed) in managers.iter_mut() {
        if Some(manager) != but {
            managed.set = managed.set.difference(&changed).difference(&comparison.removed);
        }
    }
    managers.retain(|_, managed| !managed.set.is_empty());
}

/// Removes what the applier set last time and leaves out now, unless somebody else manages it.
fn prune(schema: &Node, merged: Value, managers: &Managers, last_set: &FieldSet) -> Value {
    let parents = |set: &FieldSet| set.with_declared_parents(schema);
    let last = parents(last_set);
    let pruned = typed::remove(schema, &merged, &last);
    let all = parents(&typed::field_set(schema, &merged));
    let managed = managers
        .values()
        .fold(FieldSet::default(), |union, managed| union.union(&managed.set));
    // What others manage comes back.
    let kept = parents(&typed::field_set(schema, &pruned)).union(&parents(&managed));
    let pruned = typed::remove(schema, &merged, &all.difference(&kept));
    // So does what nobody manages, but stood inside of something that was removed only as a container.
    let left = parents(&typed::field_set(schema, &pruned));
    typed::remove(schema, &merged, &all.difference(&left).intersection(&last))
}

/// The set without fields that nobody manages.
fn stripped(set: FieldSet) -> FieldSet {
    let mut unmanaged = FieldSet::default();
    for field in ["apiVersion", "kind", "metadata"] {
        unmanaged.insert(PathElement::Field(field.into()));
    }
    for field in UNMANAGED_METADATA {
        unmanaged.union_with(FieldSet::of_path(&["metadata", field]));
    }
    set.difference(&unmanaged)
}
