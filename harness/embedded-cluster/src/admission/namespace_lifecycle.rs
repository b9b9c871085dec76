//! Nothing is created in a namespace that is missing or goes; some namespaces stay for ever.

use super::{Attempt, Plugin};
use crate::resource::Resource;
use crate::status::Status;

/// Namespaces that cannot be deleted.
const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public"];
const NAMESPACES: Resource = Resource::new("", "v1", "namespaces");
/// Reviews may be asked for anywhere.
const REVIEW_GROUP: &str = "authorization.k8s.io";

pub(super) struct NamespaceLifecycle;

impl Plugin for NamespaceLifecycle {
    fn mutate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        let namespace = attempt.namespace();
        if !attempt.is_create() || namespace.is_empty() || attempt.kind.resource.group() == REVIEW_GROUP {
            return Ok(());
        }
        let found = attempt.server.store.get(&"namespaces".into(), "", namespace);
        let found = found.ok_or_else(|| Status::not_found(&NAMESPACES, namespace))?;
        if found.deletion_timestamp().is_none() {
            return Ok(());
        }
        let because = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let status = attempt.forbid(&because);
        Err(status.cause(
            "NamespaceTerminating",
            format!("namespace {namespace} is being terminated"),
            "metadata.namespace",
        ))
    }

    fn validate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if attempt.is_delete() && attempt.is("", "namespaces") && IMMORTAL.contains(&attempt.name()) {
            return Err(attempt.forbid("this namespace may not be deleted"));
        }
        Ok(())
    }
}
