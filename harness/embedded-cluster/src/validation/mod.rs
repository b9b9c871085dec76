//! Whether an object may be stored: metadata, then what its kind demands.
//!
//! Most demands are rows of [`rules`]; what rows cannot say is code beside them. Kubernetes checks
//! more than this: what is not here is accepted.

mod immutable;
mod kinds;
mod metadata;
pub(crate) mod names;
mod pods;
mod rules;
mod workloads;

use crate::value::Value;

use crate::kinds::Kind;
use crate::status::Cause;

/// Everything that is wrong with an object. `old` is the state it replaces.
pub(crate) fn check(kind: &Kind, object: &Value, old: Option<&Value>, subresource: &str) -> Vec<Cause> {
    let mut causes = metadata::check(kind, object, old);
    if let Some(custom) = &kind.custom {
        causes.extend(custom.schema.validate(object, old));
    } else if subresource.is_empty() || subresource == "scale" {
        built_in(kind, object, &mut causes);
        if let Some(old) = old {
            immutable::check(kind, old, object, &mut causes);
        }
    }
    causes
}

fn built_in(kind: &Kind, object: &Value, causes: &mut Vec<Cause>) {
    let (group, plural) = (kind.resource.group(), kind.resource.plural());
    match (group, plural) {
        ("", "pods") => pods::spec(&object["spec"], "spec", causes),
        ("apps", "deployments" | "replicasets" | "statefulsets" | "daemonsets") | ("batch", "jobs") => {
            workloads::check(&kind.kind, object, causes);
        }
        ("batch", "cronjobs") => workloads::cron_job(object, causes),
        ("apiextensions.k8s.io", _) => causes.extend(crate::crd::check(object)),
        _ => kinds::check(group, plural, object, causes),
    }
}
