//! Who manages which field: the bookkeeping of every write, and server-side apply.

use crate::value::Value;

use super::super::decode;
use super::Write;
use crate::kinds::Kind;
use crate::object::Object;
use crate::schema::apply::{self, ApplyError, FieldSet, Writer};
use crate::status::{Cause, Details, Status};

/// Whether a proposal already carries its managed fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::apiserver) enum Written {
    /// A create, update or patch: what it changed is found by comparing.
    Update,
    /// An apply, which has booked its fields itself.
    Applied,
}

/// Books a write's changes to its manager.
pub(super) fn track(write: &Write<'_>, old: Option<&Object>, new: &mut Value, written: Written) -> Result<(), Status> {
    if written == Written::Applied {
        return Ok(());
    }
    let Some(node) = write.kind.schema() else { return Ok(()) };
    with_writer(write, |writer| apply::update(node, old.map(Object::value), new, writer));
    Ok(())
}

/// Merges an applied configuration into the present object.
///
/// # Errors
/// 409 with the conflicting managers, 400 and 500 for configurations that are not valid.
pub(super) fn apply(write: &mut Write<'_>, old: Option<&Object>, patch: &Value) -> Result<(Value, Written), Status> {
    let node = write
        .kind
        .schema()
        .ok_or_else(|| Status::not_implemented("server-side apply of this resource"))?;
    check_kind(write.kind, patch)?;
    if !matches!(patch["metadata"], Value::Null | Value::Object(_)) {
        let why = format!(
            "failed to create typed patch object: .metadata: expected map, got &{{{}}}",
            patch["metadata"]
        );
        return Err(Status::plain(500, why));
    }
    let mut config = patch.clone();
    // Only for an object that is there the URL's name is enough.
    if old.is_some() && config["metadata"]["name"].as_str().unwrap_or_default().is_empty() {
        config["metadata"]["name"] = write.name().into();
    }
    super::name_and_namespace(&mut config, Some(write.name()), write.request.target.namespace.as_deref())?;
    let mut shown = patch.clone();
    shown["metadata"]["name"] = config["metadata"]["name"].clone();
    let applied = with_writer(write, |writer| {
        apply::apply(
            node,
            old.map(Object::value),
            &shown,
            write.request.options.force == Some(true),
            writer,
        )
    });
    let applied = applied.map_err(refusal)?;
    let checked = decode::checked(write.kind, applied.object, &write.request.options).map_err(|fault| Status::plain(500, fault))?;
    write.warnings.extend(checked.warnings);
    Ok((checked.value, Written::Applied))
}

fn check_kind(kind: &Kind, patch: &Value) -> Result<(), Status> {
    let text = |field: &str| patch[field].as_str().unwrap_or_default();
    let (api_version, found) = (text("apiVersion"), text("kind"));
    if found == kind.kind && api_version == kind.api_version() {
        return Ok(());
    }
    let shown = |api_version: &str, kind: &str| match api_version.rsplit_once('/') {
        Some(_) => format!("{api_version}, Kind={kind}"),
        None => format!("/{api_version}, Kind={kind}"),
    };
    Err(Status::bad_request(format!("invalid object type: {}", shown(api_version, found))))
}

fn with_writer<R>(write: &Write<'_>, run: impl FnOnce(Writer<'_>) -> R) -> R {
    let kind = write.kind;
    let subresource = write.subresource();
    let reset: FieldSet = apply::reset_fields(
        kind.resource.group(),
        kind.resource.plural(),
        subresource,
        kind.custom.is_none(),
        kind.subresource("status").is_some(),
    );
    let (manager, time, api_version) = (write.request.manager(), write.server.timestamp(), kind.api_version());
    run(Writer {
        manager: &manager,
        api_version: &api_version,
        subresource,
        time: &time,
        reset: &reset,
        shared: &write.server.managed_fields,
    })
}

fn refusal(error: ApplyError) -> Status {
    match error {
        ApplyError::ManagedFields => Status::bad_request(error.to_string()),
        ApplyError::Schema { .. } => Status::plain(500, error.to_string()),
        ApplyError::Conflicts(ref conflicts) => {
            let causes = conflicts.iter().flat_map(|conflict| {
                conflict.causes().map(|(field, message)| Cause {
                    reason: "FieldManagerConflict".into(),
                    message,
                    field,
                })
            });
            let details = Details {
                causes: causes.collect(),
                ..Details::default()
            };
            Status {
                code: 409,
                reason: "Conflict".into(),
                message: error.to_string(),
                details: Some(Box::new(details)),
                warnings: vec![],
            }
        }
    }
}
