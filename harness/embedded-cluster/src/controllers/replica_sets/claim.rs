//! Which objects belong to a controller: those it owns, those without owner that it selects
//! (adopted), not those it no longer selects (released).

use std::sync::Arc;

use crate::value::{Value, json};

use crate::client::Patch;
use crate::controllers::fields::Fields;
use crate::controllers::pods::controller_reference;
use crate::controllers::runtime::{Context, Key};
use crate::controllers::selector;
use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;

/// The objects of type `resource` that belong to `owner` by its `spec.selector`; adopts and
/// releases on the way. Sorted by name.
pub(crate) async fn claim(context: &Context, resource: &Resource, owner: &Object) -> Result<Vec<Arc<Object>>, Status> {
    let selected = |object: &Object| selector::selects(owner, object.labels());
    let mut claimed = Vec::new();
    for object in context.cache.controlled(resource, owner.uid()) {
        if selected(&object) {
            claimed.push(object);
        } else if owner.deletion_timestamp().is_none() {
            release(context, resource, owner, &object).await?;
        }
    }
    if owner.deletion_timestamp().is_none() {
        for object in context.cache.adoptable(resource, owner.namespace().unwrap_or_default()) {
            if selected(&object) && object.deletion_timestamp().is_none() {
                claimed.extend(adopt(context, resource, owner, &object).await?);
            }
        }
    }
    claimed.sort_by_key(|object| Key::of(object));
    Ok(claimed)
}

async fn adopt(context: &Context, resource: &Resource, owner: &Object, object: &Object) -> Result<Option<Arc<Object>>, Status> {
    let mut owners = object.list_at("/metadata/ownerReferences").to_vec();
    owners.push(controller_reference(owner));
    set_owners(context, resource, object, owners).await
}

async fn release(context: &Context, resource: &Resource, owner: &Object, object: &Object) -> Result<(), Status> {
    let others = object
        .list_at("/metadata/ownerReferences")
        .iter()
        .filter(|o| o["uid"] != owner.uid());
    let others = others.cloned().collect();
    set_owners(context, resource, object, others).await.map(drop)
}

/// None when the object is gone meanwhile.
async fn set_owners(context: &Context, resource: &Resource, object: &Object, owners: Vec<Value>) -> Result<Option<Arc<Object>>, Status> {
    let owners = if owners.is_empty() { Value::Null } else { owners.into() };
    let metadata = json!({"ownerReferences": owners, "uid": object.uid(), "resourceVersion": object.revision().to_string()});
    let patch = Patch::Merge(json!({"metadata": metadata}));
    match context.client.patch(resource, object.namespace(), object.name(), None, patch).await {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
