//! Admission: one chain of plugins that every write passes, first changing, then checking.

mod namespace_lifecycle;
mod pod_tolerations;
mod priority;
mod rbac;
mod runtime_class;
mod service_account;
mod storage_finalizers;

use std::sync::Arc;

use crate::value::Value;

use crate::apiserver::{ApiServer, Request, Verb};
use crate::kinds::Kind;
use crate::object::Object;
use crate::status::Status;

/// A write on its way to the store.
pub(crate) struct Attempt<'a> {
    pub(crate) server: &'a Arc<ApiServer>,
    pub(crate) kind: &'a Kind,
    pub(crate) request: &'a Request,
    /// The object as it would be stored; for deletes, as it is.
    pub(crate) object: &'a mut Value,
    /// The state that is replaced or deleted.
    pub(crate) old: Option<&'a Object>,
}

impl Attempt<'_> {
    /// Whether this is about `plural` of `group`, as a whole.
    fn is(&self, group: &str, plural: &str) -> bool {
        self.kind.resource.group() == group && self.kind.resource.plural() == plural && self.request.target.subresource.is_none()
    }

    fn is_delete(&self) -> bool {
        matches!(self.request.verb, Verb::Delete | Verb::DeleteCollection)
    }

    /// Whether the object is new, by whatever verb.
    fn is_create(&self) -> bool {
        self.old.is_none() && !self.is_delete()
    }

    fn name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap_or_default()
    }

    fn namespace(&self) -> &str {
        self.request.target.namespace.as_deref().unwrap_or_default()
    }

    fn forbid(&self, because: &str) -> Status {
        Status::forbidden(&self.kind.resource, self.name(), because)
    }
}

/// One link of the chain.
trait Plugin: Sync {
    /// Changes the object, or refuses it.
    fn mutate(&self, _attempt: &mut Attempt<'_>) -> Result<(), Status> {
        Ok(())
    }

    /// Refuses the object.
    fn validate(&self, _attempt: &mut Attempt<'_>) -> Result<(), Status> {
        Ok(())
    }
}

/// The chain, in Kubernetes' order.
const CHAIN: &[&dyn Plugin] = &[
    &namespace_lifecycle::NamespaceLifecycle,
    &service_account::ServiceAccount,
    &priority::Priority,
    &pod_tolerations::DefaultTolerationSeconds,
    &runtime_class::RuntimeClass,
    &storage_finalizers::StorageObjectInUse,
    &rbac::NoEscalation,
];

/// Lets the plugins change the object.
///
/// # Errors
/// The first refusal.
pub(crate) fn mutate(attempt: &mut Attempt<'_>) -> Result<(), Status> {
    CHAIN.iter().try_for_each(|plugin| plugin.mutate(attempt))
}

/// Lets the plugins check the object.
///
/// # Errors
/// The first refusal.
pub(crate) fn validate(attempt: &mut Attempt<'_>) -> Result<(), Status> {
    CHAIN.iter().try_for_each(|plugin| plugin.validate(attempt))
}
