//! The names themselves.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::{fnv, id};

/// Longest plain pod name, in bytes.
const POD_NAME_MAX: usize = 50;
/// Longest plain name of a child execution, in bytes.
const CHILD_NAME_MAX: usize = 20;
/// Longest plain unique id of a nested node, in bytes.
const NODE_ID_MAX: usize = 20;
/// Number of shards that `shard-key` distributes executions over.
const SHARDS: u32 = 32;

/// The pod of one attempt of a task: `<execution>-<node>-<attempt>`, hashed (32 bits) above 50 bytes.
/// `node` is the node's unique id.
#[must_use]
pub fn pod_name(execution: &str, node: &str, attempt: u32) -> String {
    id::bounded(format!("{execution}-{node}-{attempt}"), POD_NAME_MAX, |name| {
        fnv::fnv1a32(name).to_be_bytes()
    })
}

/// The unique id of a node inside another node's attempt: `<parent>-<attempt>-<node>`, hashed (32 bits) above 20 bytes.
/// A node at the top of its execution goes by its own id.
#[must_use]
pub fn nested_node_id(parent: &str, attempt: u32, node: &str) -> String {
    id::bounded(format!("{parent}-{attempt}-{node}"), NODE_ID_MAX, |name| {
        fnv::fnv1a32(name).to_be_bytes()
    })
}

/// The execution that a launch-plan node starts: `<parent>-<node>-<attempt>`, hashed (64 bits) above 20 bytes.
#[must_use]
pub fn child_execution_name(parent: &str, node: &str, attempt: u32) -> String {
    id::bounded(format!("{parent}-{node}-{attempt}"), CHILD_NAME_MAX, |name| {
        fnv::fnv1a64(name).to_be_bytes()
    })
}

/// Value of the label `shard-key` on the `FlyteWorkflow` object of an execution.
#[must_use]
pub fn shard_key(execution: &str) -> String {
    (fnv::fnv1a32(execution.as_bytes()) % SHARDS).to_string()
}

/// The namespace of a project and domain. Only `{{ project }}` and `{{ domain }}`, with these very blanks,
/// are replaced; anything else stays as it is.
#[must_use]
pub fn namespace(template: &str, project: &str, domain: &str) -> String {
    template.replace("{{ project }}", project).replace("{{ domain }}", domain)
}

/// The id of a result of a task in the catalog, of what it is from: a UUID's form.
#[must_use]
pub fn artifact_id(of: &str) -> String {
    let digits = HEXLOWER.encode(&Sha256::digest(of));
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..32]].join("-")
}
