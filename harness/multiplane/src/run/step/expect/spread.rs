//! How the executions of a `submit` have to spread over clusters, all of them together.

use std::collections::{BTreeMap, BTreeSet};

use scenario::verb::{Placement, Share};
use scenario::{OneOrMany, binomial};

/// What is wrong with the clusters where `all` executions were `seen`, each cluster once for each execution.
pub(super) fn wrong<'s>(placement: &Placement, all: usize, seen: impl Iterator<Item = &'s str>) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for cluster in seen {
        *counts.entry(cluster).or_default() += 1;
    }
    let used: BTreeSet<&str> = counts.keys().copied().collect();
    let count = |cluster: &str| counts.get(cluster).copied().unwrap_or_default();
    let together: Vec<f64> = placement.distribution.values().filter_map(|share| share.value.share).collect();
    let mut shares = placement.distribution.iter();
    wrong_set(placement, &used)
        .or_else(|| shares.find_map(|(cluster, share)| Some(format!("{cluster}: {}", off(&share.value, &together, count(cluster), all)?))))
}

/// Whether the clusters that have some are those that should.
fn wrong_set(placement: &Placement, used: &BTreeSet<&str>) -> Option<String> {
    if used.is_empty() {
        return None;
    }
    let shown = used.iter().copied().collect::<Vec<_>>().join(", ");
    let wanted = placement.on.iter().chain(&placement.at_least).flat_map(OneOrMany::iter);
    let idle: Vec<&str> = wanted
        .map(|cluster| cluster.value.as_str())
        .filter(|cluster| !used.contains(cluster))
        .collect();
    if !idle.is_empty() {
        return Some(format!("none is on {}; they are on {shown}", idle.join(", ")));
    }
    let fits = |set: &OneOrMany<String>| set.iter().map(|cluster| cluster.value.as_str()).collect::<BTreeSet<_>>() == *used;
    if placement.one_of.is_empty() || placement.one_of.iter().any(fits) {
        return None;
    }
    let sets: Vec<String> = placement.one_of.iter().map(ToString::to_string).collect();
    Some(format!("they are on {shown}, expected on {}", sets.join(" or on ")))
}

/// How a cluster's number of executions is off, if it is.
fn off(share: &Share, together: &[f64], count: usize, all: usize) -> Option<String> {
    if let Some(wanted) = share.count {
        return (count != wanted as usize).then(|| format!("{count} executions, expected {wanted}"));
    }
    let wanted = share.share?;
    if let Some(alarm) = share.false_alarm {
        let alarm = binomial::each(alarm, together);
        let range = binomial::accepted(u32::try_from(all).unwrap_or(u32::MAX), wanted, alarm);
        let fits = u32::try_from(count).is_ok_and(|count| range.contains(&count));
        return (!fits).then(|| {
            format!(
                "{count} of {all} executions; with a share of {wanted} it is {} to {} but for {alarm} of all runs",
                range.start(),
                range.end()
            )
        });
    }
    let tolerance = share.tolerance.unwrap_or(0.0);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 executions")]
    let actual = count as f64 / all as f64;
    ((actual - wanted).abs() > tolerance).then(|| format!("a share of {actual:.3} ({count} of {all}), expected {wanted} ± {tolerance}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(None, None, Some(3), None)]
    #[case(None, None, Some(4), Some("3 executions, expected 4"))]
    #[case(Some(0.3), Some(0.01), None, None)]
    #[case(Some(0.5), Some(0.1), None, Some("a share of 0.300 (3 of 10), expected 0.5 ± 0.1"))]
    fn shares(#[case] share: Option<f64>, #[case] tolerance: Option<f64>, #[case] count: Option<u32>, #[case] expected: Option<&str>) {
        let share = Share {
            share,
            tolerance,
            count,
            false_alarm: None,
        };
        assert_eq!(off(&share, &[], 3, 10).as_deref(), expected);
    }

    #[test]
    fn chance_has_a_bound() {
        let share = Share {
            share: Some(0.5),
            tolerance: None,
            count: None,
            false_alarm: Some(0.01),
        };
        assert_eq!(off(&share, &[0.5, 0.5], 4, 20), None);
        let off = off(&share, &[0.5, 0.5], 3, 20).unwrap();
        assert_eq!(
            off,
            "3 of 20 executions; with a share of 0.5 it is 4 to 16 but for 0.01 of all runs"
        );
    }

    #[rstest]
    #[case::each("on: [a, b]", &["a", "b", "b"], None)]
    #[case::one_is_idle("on: [a, b]", &["a", "a"], Some("none is on b; they are on a"))]
    #[case::at_least("atLeast: a", &["a", "c"], None)]
    #[case::not_there("atLeast: [a, b]", &["c"], Some("none is on a, b; they are on c"))]
    #[case::one_set("oneOf: [c, [a, b]]", &["b", "a"], None)]
    #[case::part_of_a_set("oneOf: [c, [a, b]]", &["a"], Some("they are on a, expected on c or on a, b"))]
    #[case::two_sets("oneOf: [a, b]", &["a", "b"], Some("they are on a, b, expected on a or on b"))]
    #[case::nobody_yet("on: [a, b]", &[], None)]
    fn sets(#[case] fields: &str, #[case] seen: &[&str], #[case] expected: Option<&str>) {
        let placement: Placement = yaml::strict::from_str(&format!("of: many\n{fields}\n")).unwrap();
        assert_eq!(wrong(&placement, seen.len(), seen.iter().copied()).as_deref(), expected);
    }
}
