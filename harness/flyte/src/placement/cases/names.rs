//! The vectors: draws and derived names.

use super::table::CaseTable;
use super::{CaseResult, Outcome};
use crate::naming;
use crate::placement::seeded_draw;

pub(super) fn check(table: &CaseTable) -> Vec<CaseResult> {
    let mut results = Vec::new();
    let mut compare = |id: String, title: &str, expected: &str, found: String| {
        let outcome = match found == expected {
            true => Outcome::Passed,
            false => Outcome::Failed(vec![format!("expected {expected}, found {found}")]),
        };
        results.push(CaseResult {
            id,
            title: title.to_owned(),
            outcome,
        });
    };
    for vector in &table.rng_vectors {
        let draw = seeded_draw(&vector.name);
        compare(
            format!("rng {}", vector.name),
            "hash, seed and first float of a name",
            &format!("{} {} {}", vector.fnv1a64, vector.seed_mod, vector.float32_bits),
            format!("{:#018x} {} {:#010x}", draw.fnv1a64, draw.seed_modulo, draw.float32.to_bits()),
        );
    }
    for vector in &table.name_vectors.pod_name {
        let found = naming::pod_name(&vector.execution, &vector.node, vector.attempt);
        compare(
            format!("pod_name {}", vector.execution),
            "pod of a task's attempt",
            &vector.name,
            found,
        );
    }
    for vector in &table.name_vectors.child_execution_name {
        let found = naming::child_execution_name(&vector.parent, &vector.node, vector.attempt);
        compare(
            format!("child_execution_name {}", vector.parent),
            "child execution",
            &vector.name,
            found,
        );
    }
    for vector in &table.name_vectors.shard_key {
        let found = naming::shard_key(&vector.execution);
        compare(format!("shard_key {}", vector.execution), "shard label", &vector.value, found);
    }
    for vector in &table.name_vectors.namespace {
        let found = naming::namespace(&vector.template, &vector.project, &vector.domain);
        compare(format!("namespace {}", vector.template), "namespace", &vector.name, found);
    }
    results
}
