//! Arithmetic of rolling updates and of scaling: how many replicas each replica set gets.
//!
//! Pure: numbers in, numbers out. The rules are those of Kubernetes' deployment controller.

use crate::value::Value;

use crate::controllers::fields::Fields;
use crate::controllers::int_or_percent::{Round, resolve};

/// What a deployment allows while it changes its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Replicas asked for.
    pub(super) replicas: i64,
    /// Replicas beyond that.
    pub(super) surge: i64,
    /// Replicas that may be missing.
    pub(super) unavailable: i64,
    /// Whether the strategy is `RollingUpdate`.
    pub(super) rolling: bool,
}

impl Limits {
    /// The limits of a deployment. Surge is rounded up, unavailability down; where both come to
    /// 0, one replica may be missing, so that there is always a way forward.
    pub(super) fn of(deployment: &impl Fields) -> Self {
        let replicas = deployment.int_at("/spec/replicas");
        let rolling = deployment.str_at("/spec/strategy/type") != "Recreate";
        if !rolling {
            return Self {
                replicas,
                surge: 0,
                unavailable: 0,
                rolling,
            };
        }
        let number = |field: &str, round| {
            let value: &Value = deployment.at(&format!("/spec/strategy/rollingUpdate/{field}"));
            resolve(value, replicas, round).unwrap_or(0)
        };
        let (surge, unavailable) = (number("maxSurge", Round::Up), number("maxUnavailable", Round::Down));
        let unavailable = if surge == 0 && unavailable == 0 { 1 } else { unavailable };
        Self {
            replicas,
            surge,
            unavailable: unavailable.min(replicas),
            rolling,
        }
    }

    /// Most replicas there may be.
    pub(super) fn most(&self) -> i64 {
        self.replicas + self.surge
    }

    /// Fewest replicas that must be available.
    pub(super) fn fewest(&self) -> i64 {
        self.replicas - self.unavailable
    }
}

/// A replica set as the arithmetic sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set {
    /// Asked for.
    pub(super) replicas: i64,
    /// Available.
    pub(super) available: i64,
}

/// Replicas that the new set (now `current`) should have, when all sets together have `total`.
pub(super) fn new_set_size(limits: &Limits, current: i64, total: i64) -> i64 {
    if !limits.rolling || current > limits.replicas {
        return limits.replicas;
    }
    let room = (limits.most() - total).max(0);
    current + room.min(limits.replicas - current)
}

/// Sizes of the old sets (oldest first) after as much scaling down as availability allows:
/// first replicas that are not available anyway, then available ones.
pub(super) fn old_set_sizes(limits: &Limits, old: &[Set], new: &Set) -> Vec<i64> {
    let mut sizes: Vec<i64> = old.iter().map(|set| set.replicas).collect();
    let total = sizes.iter().sum::<i64>() + new.replicas;
    let removable = total - limits.fewest() - (new.replicas - new.available);
    if removable <= 0 {
        return sizes;
    }
    let mut cleaned = 0;
    for (size, set) in sizes.iter_mut().zip(old) {
        let broken = (set.replicas - set.available).clamp(0, removable - cleaned);
        *size -= broken;
        cleaned += broken;
    }
    let available = old.iter().map(|set| set.available).sum::<i64>() + new.available;
    let mut surplus = (available - limits.fewest()).max(0);
    for size in &mut sizes {
        let fewer = surplus.min(*size);
        *size -= fewer;
        surplus -= fewer;
    }
    sizes
}

/// Sizes after a change of `spec.replicas` in the middle of a rollout: each set gets its share.
/// `sets` are size and the total that was allowed when the set was last scaled, in the order in
/// which rounding is to favour them; the first one takes what rounding leaves over.
pub(super) fn proportional(limits: &Limits, sets: &[(i64, i64)]) -> Vec<i64> {
    let allowed = if limits.replicas > 0 { limits.most() } else { 0 };
    let to_add = allowed - sets.iter().map(|(size, _)| size).sum::<i64>();
    let mut added = 0;
    let mut sizes: Vec<i64> = Vec::with_capacity(sets.len());
    for &(size, most_before) in sets {
        let share = share(limits, size, most_before);
        let rest = to_add - added;
        let change = match to_add.signum() {
            1 if size > 0 => share.min(rest),
            -1 if size > 0 => share.max(rest),
            _ => 0,
        };
        sizes.push(size + change);
        added += change;
    }
    if let Some(first) = sizes.first_mut() {
        *first = (*first + to_add - added).max(0);
    }
    sizes
}

/// By how much a set of `size` changes when the allowed total goes from `most_before` to today's.
fn share(limits: &Limits, size: i64, most_before: i64) -> i64 {
    if limits.replicas == 0 || most_before == 0 {
        return -size;
    }
    // Rounded to the nearest, halves away from zero; all numbers are non-negative.
    let scaled = (2 * size * limits.most() + most_before) / (2 * most_before);
    scaled - size
}

#[cfg(test)]
mod tests {
    use crate::value::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::defaults(4, json!("25%"), json!("25%"), (1, 1))]
    #[case::rounding(3, json!("25%"), json!("25%"), (1, 0))]
    #[case::one(1, json!("25%"), json!("25%"), (1, 0))]
    #[case::both_zero(5, json!(0), json!("10%"), (0, 1))]
    #[case::absolute(5, json!(2), json!(9), (2, 5))]
    #[case::no_replicas(0, json!("25%"), json!("25%"), (0, 0))]
    fn limits(#[case] replicas: i64, #[case] surge: Value, #[case] unavailable: Value, #[case] expected: (i64, i64)) {
        let strategy = json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}});
        let limits = Limits::of(&json!({"spec": {"replicas": replicas, "strategy": strategy}}));
        assert_eq!((limits.surge, limits.unavailable), expected);
    }

    const FOUR: Limits = Limits {
        replicas: 4,
        surge: 1,
        unavailable: 1,
        rolling: true,
    };

    #[rstest]
    #[case::starts(0, 4, 1)]
    #[case::full(1, 5, 1)]
    #[case::room_of_two(1, 3, 3)]
    #[case::never_more_than_asked(3, 3, 4)]
    #[case::scales_down(6, 6, 4)]
    fn new_set(#[case] current: i64, #[case] total: i64, #[case] expected: i64) {
        assert_eq!(new_set_size(&FOUR, current, total), expected);
    }

    #[rstest]
    #[case::nothing_removable(&[(3, 3)], (2, 0), &[3])]
    #[case::first_step(&[(4, 4)], (1, 0), &[3])]
    #[case::new_is_available(&[(3, 3)], (2, 2), &[1])]
    #[case::broken_ones_first(&[(2, 0), (3, 3)], (0, 0), &[0, 3])]
    #[case::done(&[(1, 1)], (4, 4), &[0])]
    fn old_sets(#[case] old: &[(i64, i64)], #[case] new: (i64, i64), #[case] expected: &[i64]) {
        let set = |&(replicas, available): &(i64, i64)| Set { replicas, available };
        let old: Vec<Set> = old.iter().map(set).collect();
        assert_eq!(old_set_sizes(&FOUR, &old, &set(&new)), expected);
    }

    #[rstest]
    #[case::up(10, 2, &[(8, 6), (2, 6)], &[10, 2])]
    #[case::up_in_proportion(20, 2, &[(8, 12), (4, 12)], &[15, 7])]
    #[case::down_in_proportion(4, 0, &[(6, 8), (2, 8)], &[3, 1])]
    #[case::to_zero(0, 0, &[(6, 8), (2, 8)], &[0, 0])]
    fn shares(#[case] replicas: i64, #[case] surge: i64, #[case] sets: &[(i64, i64)], #[case] expected: &[i64]) {
        let limits = Limits {
            replicas,
            surge,
            unavailable: 0,
            rolling: true,
        };
        assert_eq!(proportional(&limits, sets), expected);
    }

    /// Whatever becomes available when: every rollout ends, and never leaves the limits.
    #[rstest]
    fn every_rollout_ends(#[values(1, 2, 5, 10)] replicas: i64, #[values(0, 1, 3)] surge: i64, #[values(0, 1, 2)] unavailable: i64) {
        let unavailable = if surge == 0 { unavailable.max(1) } else { unavailable }.min(replicas);
        let limits = Limits {
            replicas,
            surge,
            unavailable,
            rolling: true,
        };
        let (mut old, mut new) = (
            Set {
                replicas,
                available: replicas,
            },
            Set { replicas: 0, available: 0 },
        );
        for _ in 0..=4 * replicas {
            new.replicas = new_set_size(&limits, new.replicas, old.replicas + new.replicas);
            old.replicas = old_set_sizes(&limits, std::slice::from_ref(&old), &new)[0];
            old.available = old.available.min(old.replicas);
            assert!(old.replicas + new.replicas <= limits.most() && old.available + new.available >= limits.fewest());
            new.available = (new.available + 1).min(new.replicas);
        }
        assert_eq!((old.replicas, new.replicas), (0, replicas));
    }
}
