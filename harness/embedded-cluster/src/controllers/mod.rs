//! What `kube-controller-manager` does: controllers over the in-process client.
//!
//! Every controller acts as its own service account of `kube-system`, with the rights of the
//! bootstrap role `system:controller:*`. One task runs them all; see [`runtime`].

mod aggregation;
mod autoscaling;
mod certificates;
pub(crate) mod conditions;
mod cron_jobs;
mod daemon_sets;
mod deployments;
mod disruption;
mod endpoints;
pub(crate) mod fields;
mod garbage;
mod hash;
mod int_or_percent;
mod jobs;
mod namespaces;
mod node_ttl;
mod nodes;
mod pod_gc;
pub(crate) mod pods;
mod policy_types;
pub(crate) mod quota;
mod replica_sets;
mod resource_quotas;
pub(crate) mod resources;
mod revisions;
mod root_ca;
pub(crate) mod runtime;
pub(crate) mod selector;
mod service_accounts;
mod start;
mod stateful_sets;
mod taint_eviction;
mod tokens;
mod volume_protection;
pub(crate) mod volumes;

pub(crate) use start::{Settings, signer, start};
