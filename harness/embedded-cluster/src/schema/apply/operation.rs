//! Server-side apply: a configuration into an object.

use crate::value::Value;

use super::bookkeeping::{release, stripped, track};
use super::conflict::{Conflict, Message};
use super::fieldset::FieldSet;
use super::last_applied;
use super::managers::{self, Managed, Manager, Managers};
use super::shared::Shared;
use super::typed;
use crate::schema::Node;

/// Who owns what an object had before anybody's fields were tracked.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";
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
    /// Where managed fields that are alike become one.
    pub(crate) shared: &'a Shared,
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
    managers::encode(&mut object, managers, writer.shared);
    Ok(Applied { object })
}

/// Merges a configuration into an object, without bookkeeping of who manages what.
///
/// # Errors
/// What does not fit the schema.
pub(crate) fn merged(schema: &Node, live: &Value, config: &Value) -> Result<Value, String> {
    typed::validate(schema, config)?;
    Ok(typed::merge(schema, live, config))
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
    // What is applied through a scale bears no time.
    if let Some(managed) = managers.get_mut(&applier).filter(|_| writer.subresource != "scale") {
        managed.time = Some(writer.time.to_owned());
    }
    Ok((object, managers))
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
