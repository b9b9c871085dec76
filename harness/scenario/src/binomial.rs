//! How many executions of many a share may be, if chance decides: what an expectation on a share accepts, and how many executions it needs.
//!
//! Exact sums of the binomial distribution, no approximation: counts are small, and false alarms are rare.

use std::ops::RangeInclusive;

/// Executions beyond which nobody has to go.
const MOST: u32 = 1_000_000;

/// The counts of `n` executions that an expectation on `share` accepts, if it may fail by chance in at most `alarm` of all runs: on each side the
/// counts that come up in at most half of that are left out.
pub fn accepted(n: u32, share: f64, alarm: f64) -> RangeInclusive<u32> {
    let mut below = 0.0;
    let mut low = 0;
    while low < n {
        below += probability(n, share, low);
        if below > alarm / 2.0 {
            break;
        }
        low += 1;
    }
    let mut above = 0.0;
    let mut high = n;
    while high > low {
        above += probability(n, share, high);
        if above > alarm / 2.0 {
            break;
        }
        high -= 1;
    }
    low..=high
}

/// What is left of a bound on false alarms for each of several shares that are expected together, so that the whole keeps it. Two shares that are
/// all there is are one question; more, or a part of all, are as many, and the sum of their alarms bounds that of any of them (Boole).
pub fn each(alarm: f64, shares: &[f64]) -> f64 {
    let complete = (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9;
    match shares.len() {
        0 | 1 => alarm,
        2 if complete => alarm,
        #[expect(clippy::cast_precision_loss, reason = "a handful of clusters")]
        many => alarm / many as f64,
    }
}

/// The smallest number of executions with which an expectation on `share` can fail in both ways: none of them, and all of them, are then not
/// accepted. `None` if a million is not enough.
pub fn needed(share: f64, alarm: f64) -> Option<u32> {
    // All on one side has the probability share^n or (1 - share)^n.
    let rarest = (1.0 - share).max(share);
    if !(0.0..1.0).contains(&rarest) || alarm <= 0.0 {
        return None;
    }
    let n = ((alarm / 2.0).ln() / rarest.ln()).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a million")]
    (n <= f64::from(MOST)).then_some((n as u32).max(1))
}

/// The probability of exactly `k` of `n`.
fn probability(n: u32, share: f64, k: u32) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        let certain = if share <= 0.0 { 0 } else { n };
        return if k == certain { 1.0 } else { 0.0 };
    }
    let (n, k) = (f64::from(n), f64::from(k));
    (ln_choose(n, k) + k * share.ln() + (n - k) * (1.0 - share).ln()).exp()
}

fn ln_choose(n: f64, k: f64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// ln(n!): exact sums for small n, Stirling's series beyond, whose error is below 1e-10 there.
fn ln_factorial(n: f64) -> f64 {
    if n < 32.0 {
        let mut sum = 0.0;
        let mut factor = 2.0;
        while factor <= n {
            sum += f64::ln(factor);
            factor += 1.0;
        }
        return sum;
    }
    n * n.ln() - n + 0.5 * (2.0 * std::f64::consts::PI * n).ln() + 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3)) + 1.0 / (1260.0 * n.powi(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against tables of the binomial distribution.
    #[test]
    fn probabilities() {
        let cases = [
            (10, 0.5, 5, 0.246_093_75),
            (20, 0.3, 6, 0.191_638_982_8),
            (100, 0.1, 10, 0.131_865_346_8),
            (5, 0.0, 0, 1.0),
            (5, 1.0, 4, 0.0),
        ];
        for (n, share, k, expected) in cases {
            assert!((probability(n, share, k) - expected).abs() < 1e-9, "{n} {share} {k}");
        }
        let sum: f64 = (0..=1000).map(|k| probability(1000, 0.37, k)).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn what_is_accepted_keeps_the_bound_and_no_more() {
        for (n, share, alarm) in [(20, 0.5, 0.01), (20, 0.3, 1e-6), (400, 0.7, 1e-6), (1, 0.5, 0.1), (50, 0.02, 1e-3)] {
            let range = accepted(n, share, alarm);
            let outside: f64 = (0..=n).filter(|k| !range.contains(k)).map(|k| probability(n, share, k)).sum();
            assert!(outside <= alarm, "{n} {share}: {range:?} fails in {outside}");
            let low: f64 = (0..=*range.start()).map(|k| probability(n, share, k)).sum();
            assert!(low > alarm / 2.0, "{n} {share}: {range:?} could leave out more");
        }
        assert_eq!(accepted(20, 0.5, 0.01), 4..=16);
        assert_eq!(accepted(10, 1.0, 1e-6), 10..=10);
        assert_eq!(accepted(10, 0.0, 1e-6), 0..=0);
    }

    /// All ways in which `n` executions may fall on three clusters.
    #[test]
    fn three_shares_together_keep_the_bound() {
        for (n, shares, alarm) in [(30, [1.0 / 3.0; 3], 0.05), (60, [1.0 / 3.0; 3], 0.05), (40, [0.5, 0.3, 0.2], 0.01)] {
            let bound = each(alarm, &shares);
            let ranges = shares.map(|share| accepted(n, share, bound));
            let mut outside = 0.0;
            for a in 0..=n {
                for b in 0..=n - a {
                    let counts = [a, b, n - a - b];
                    // The second's share of what the first left.
                    let chance = probability(n, shares[0], a) * probability(n - a, shares[1] / (shares[1] + shares[2]), b);
                    if counts.iter().zip(&ranges).any(|(count, range)| !range.contains(count)) {
                        outside += chance;
                    }
                }
            }
            assert!(outside <= alarm, "{n} {shares:?}: {outside}");
        }
    }

    #[test]
    fn what_is_needed_tells_all_and_none_apart() {
        for (share, alarm) in [(0.5, 1e-6), (0.3, 1e-3), (0.01, 0.05), (0.9, 1e-6)] {
            let n = needed(share, alarm).unwrap();
            let tells = |n: u32| {
                let range = accepted(n, share, alarm);
                *range.start() > 0 && *range.end() < n
            };
            assert!(tells(n), "{share} {alarm}: {n}");
            assert!(!tells(n - 1), "{share} {alarm}: {n} is not the smallest");
        }
        assert_eq!(needed(0.5, 1e-6), Some(21));
        assert_eq!(needed(1.0, 1e-6), None);
    }
}
