//! Names that Flyte derives: pods, child executions, namespaces, the shard label.
//!
//! Where a plain name would be too long, Flyte replaces it by `f` and a base32 form of its FNV-1a hash.

pub mod fnv;

mod id;
mod names;

pub use names::{artifact_id, child_execution_name, namespace, nested_node_id, pod_name, shard_key};
