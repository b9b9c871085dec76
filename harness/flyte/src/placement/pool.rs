//! Pools of clusters: preparation in float32, as upstream's weighted random list, and the choice from one.

use serde::Serialize;

use super::{Cluster, StartupError, WeightedCluster};

/// Clusters that a draw chooses from; never empty.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pool {
    /// Those that take part, by id, bytewise.
    pub members: Vec<Member>,
    /// Entries of the label that do not take part.
    pub dropped: Vec<Dropped>,
    /// Sum of the weights: the draw is scaled by it, so weights need not add up to 1.
    pub total: f32,
}

/// A cluster in a pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    /// The cluster's name.
    pub cluster: String,
    /// The weight as configured; equal shares if all are 0.
    pub weight: f32,
    /// Sum of the weights up to here. The first member whose running total reaches the threshold is chosen.
    pub running_total: f32,
    /// Probability to be chosen. 0 for a weight that is lost in the rounding of the total.
    pub share: f64,
}

/// An entry that does not take part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dropped {
    /// The id in the label's list.
    pub cluster: String,
    /// Its weight there.
    pub weight: f32,
    /// Why.
    pub reason: DropReason,
}

/// Why an entry does not take part in a draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DropReason {
    /// The cluster is not enabled.
    Disabled,
    /// No cluster of this name is configured.
    NotConfigured,
    /// Its weight is 0 and another one's is not.
    ZeroWeight,
}

/// The entries of a label that may be drawn, in file order, and those that drop out.
pub(super) struct Candidates {
    pub(super) enabled: Vec<WeightedCluster>,
    pub(super) dropped: Vec<Dropped>,
}

impl Candidates {
    /// Sorts out the entries whose cluster is disabled or not configured.
    pub(super) fn of(entries: &[WeightedCluster], clusters: &[Cluster]) -> Self {
        let (mut enabled, mut dropped) = (Vec::new(), Vec::new());
        for entry in entries {
            let reason = match clusters.iter().find(|cluster| cluster.name == entry.id) {
                Some(cluster) if cluster.enabled => {
                    enabled.push(entry.clone());
                    continue;
                }
                Some(_) => DropReason::Disabled,
                None => DropReason::NotConfigured,
            };
            dropped.push(dropped_entry(entry, reason));
        }
        Self { enabled, dropped }
    }

    /// Checks the weights of `label` and makes the pool; `None` if nothing is left of it.
    pub(super) fn into_pool(self, label: &str) -> Result<Option<Pool>, StartupError> {
        for (index, entry) in self.enabled.iter().enumerate() {
            if entry.weight < 0.0 || entry.weight > 1.0 {
                return Err(StartupError::InvalidWeight {
                    label: label.to_owned(),
                    cluster: entry.id.clone(),
                    weight: entry.weight,
                    index,
                });
            }
        }
        Ok((!self.enabled.is_empty()).then(|| Pool::new(self)))
    }
}

impl Pool {
    fn new(Candidates { mut enabled, mut dropped }: Candidates) -> Self {
        enabled.sort_by(|a, b| a.id.cmp(&b.id));
        let unweighted = enabled.iter().map(|entry| entry.weight).sum::<f32>() == 0.0;
        let equal = 1.0 / enabled.len() as f32;
        let mut members: Vec<Member> = Vec::with_capacity(enabled.len());
        let mut total = 0.0_f32;
        for entry in enabled {
            if !unweighted && entry.weight == 0.0 {
                dropped.push(dropped_entry(&entry, DropReason::ZeroWeight));
                continue;
            }
            let weight = if unweighted { equal } else { entry.weight };
            let before = f64::from(total);
            total += weight;
            members.push(Member {
                cluster: entry.id,
                weight,
                running_total: total,
                share: f64::from(total) - before,
            });
        }
        for member in &mut members {
            member.share /= f64::from(total);
        }
        Self { members, dropped, total }
    }

    /// The threshold of a draw: `float32` scaled by the total.
    #[must_use]
    pub fn threshold(&self, float32: f32) -> f32 {
        float32 * self.total
    }

    /// The member chosen by a threshold: the first whose running total is at least that, and above 0.
    #[must_use]
    pub fn choose(&self, threshold: f32) -> &Member {
        // The last running total is the total, so one of them reaches any threshold.
        let last = self.members.len() - 1;
        let index = self
            .members
            .iter()
            .position(|member| member.running_total >= threshold && member.running_total > 0.0);
        &self.members[index.unwrap_or(last)]
    }
}

fn dropped_entry(entry: &WeightedCluster, reason: DropReason) -> Dropped {
    Dropped {
        cluster: entry.id.clone(),
        weight: entry.weight,
        reason,
    }
}
