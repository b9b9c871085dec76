//! Where many executions go.

use std::collections::BTreeMap;

use super::{Pool, PoolChoice, seeded_draw};

/// Probability of each cluster, ids that occur twice added up. Clusters that cannot be drawn are left out. In
/// single-cluster mode the local cluster, recorded as "", gets everything.
#[must_use]
pub fn shares(choice: &PoolChoice) -> BTreeMap<String, f64> {
    let Some(pool) = &choice.pool else {
        return BTreeMap::from([(String::new(), 1.0)]);
    };
    let mut shares = BTreeMap::new();
    for member in pool.members.iter().filter(|member| member.share > 0.0) {
        *shares.entry(member.cluster.clone()).or_default() += member.share;
    }
    shares
}

/// How many of the executions with these names each cluster of the pool gets, exactly; clusters that get none have 0.
#[must_use]
pub fn counts<'n>(pool: &Pool, names: impl IntoIterator<Item = &'n str>) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = pool.members.iter().map(|member| (member.cluster.clone(), 0)).collect();
    for name in names {
        let chosen = pool.choose(pool.threshold(seeded_draw(name).float32));
        *counts.entry(chosen.cluster.clone()).or_default() += 1;
    }
    counts
}
