//! Roles and bindings grant only what their writer holds.

use super::{Attempt, Plugin};
use crate::object::Object;
use crate::status::Status;

pub(super) struct NoEscalation;

impl Plugin for NoEscalation {
    fn validate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if attempt.kind.resource.group() != "rbac.authorization.k8s.io" || attempt.is_delete() {
            return Ok(());
        }
        let server = attempt.server;
        let old = attempt.old.map(Object::value);
        server.authorizer.check_escalation(
            &server.store,
            &attempt.request.identity,
            &attempt.kind.resource,
            attempt.object,
            old,
        )
    }
}
