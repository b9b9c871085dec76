//! What an object's owner references point at.

use crate::value::Value;

use super::waits_for_dependents;
use crate::controllers::fields::Fields;
use crate::controllers::runtime::Context;
use crate::object::Object;
use crate::status::Status;

/// State of an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// There, and keeps its dependents.
    Solid,
    /// Not there.
    Gone,
    /// Being deleted in the foreground, after its dependents.
    Waiting,
}

/// Looks each owner reference up.
///
/// # Errors
/// When the API cannot tell. Then nothing may be deleted.
pub(super) async fn classify(context: &Context, object: &Object) -> Result<Vec<(Value, Owner)>, Status> {
    let mut owners = Vec::new();
    for reference in object.list_at("/metadata/ownerReferences") {
        owners.push((reference.clone(), find(context, object, reference).await?));
    }
    Ok(owners)
}

async fn find(context: &Context, object: &Object, reference: &Value) -> Result<Owner, Status> {
    if let Some((_, owner)) = context.cache.by_uid(reference.str_at("/uid")) {
        let here = owner.namespace().is_none() || owner.namespace() == object.namespace();
        return Ok(match (here, waits_for_dependents(&owner)) {
            // An owner in another namespace does not count.
            (false, _) => Owner::Gone,
            (true, true) => Owner::Waiting,
            (true, false) => Owner::Solid,
        });
    }
    let (api_version, kind) = (reference.str_at("/apiVersion"), reference.str_at("/kind"));
    // A type that is not served may come back: as in Kubernetes, its objects are not taken for gone.
    let Some(owner) = context.types.of_owner(api_version, kind) else {
        return Ok(Owner::Solid);
    };
    let namespace = if owner.namespaced { object.namespace() } else { None };
    if owner.namespaced && namespace.is_none() {
        return Ok(Owner::Solid);
    }
    match context.client.get(&owner.resource, namespace, reference.str_at("/name")).await {
        Ok(found) if found.uid() == reference.str_at("/uid") => Ok(Owner::Solid),
        Ok(_) => Ok(Owner::Gone),
        Err(error) if error.is_not_found() => Ok(Owner::Gone),
        Err(error) => Err(error),
    }
}
