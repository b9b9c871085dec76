//! Whether an object may be stored: metadata, then what its kind demands.
//!
//! Most demands are rows of [`rules`]; what rows cannot say is code beside them. Kubernetes checks
//! more than this: what is not here is accepted.

mod cluster;
mod cron;
mod data;
mod endpoints;
mod events;
mod expressions;
mod formats;
mod immutable;
mod job_policies;
mod jobs;
mod kinds;
mod metadata;
pub(crate) mod names;
mod network;
mod persistent;
mod plugins;
mod pods;
mod policy;
mod quotas;
mod rbac;
mod rules;
mod selectors;
mod services;
mod slices;
mod storage;
mod warnings;
mod webhooks;
mod workloads;

use crate::value::Value;

pub(crate) use warnings::warnings;

use crate::kinds::Kind;
use crate::status::Cause;

/// Everything that is wrong with an object. `old` is the state it replaces.
pub(crate) fn check(kind: &Kind, object: &Value, old: Option<&Value>, subresource: &str) -> Vec<Cause> {
    let mut causes = metadata::check(kind, object, old);
    if let Some(custom) = &kind.custom {
        causes.extend(custom.schema.validate(object, old));
        causes.extend(custom.scale.iter().flat_map(|scale| scale.check(object, subresource)));
    } else if subresource.is_empty() || subresource == "scale" {
        let first = kind.kind == "DaemonSet";
        // Kubernetes looks at what may not change last, save for these.
        if let Some(old) = old.filter(|_| first) {
            immutable::check(kind, old, object, &mut causes);
        }
        built_in(kind, object, old, &mut causes);
        if let Some(old) = old.filter(|_| !first) {
            immutable::check(kind, old, object, &mut causes);
        }
    } else if let Some(old) = old {
        match (kind.kind.as_str(), subresource) {
            ("Pod", "ephemeralcontainers") => pods::ephemeral_update(old, object, &mut causes),
            ("Namespace", "status") => cluster::namespace_phase(object, &mut causes),
            ("CertificateSigningRequest", "approval") => cluster::approval(old, object, &mut causes),
            _ => {}
        }
    }
    causes
}

fn built_in(kind: &Kind, object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let (group, plural) = (kind.resource.group(), kind.resource.plural());
    match (group, plural) {
        ("", "pods") => pods::spec(&object["spec"], "spec", causes),
        ("", "podtemplates") => workloads::template(&object["template"], "template", causes),
        ("", "replicationcontrollers") => workloads::replication_controller(object, causes),
        ("apps", "deployments" | "replicasets" | "statefulsets" | "daemonsets") => {
            workloads::check(&kind.kind, object, causes);
        }
        ("batch", "jobs") => jobs::job(object, causes),
        ("batch", "cronjobs") => jobs::cron_job(object, causes),
        ("apiextensions.k8s.io", _) => causes.extend(crate::crd::check(object, old.is_none())),
        _ => kinds::check(group, plural, object, old, causes),
    }
}
