//! Completion indexes of indexed jobs, and their short form `0-2,5`.

use std::collections::BTreeSet;

use crate::object::Object;

/// Label and annotation of an indexed pod.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// A pod's index.
pub(super) fn of(pod: &Object) -> Option<i64> {
    pod.annotation(INDEX)?.parse().ok()
}

/// Reads the short form; what cannot be read is left out.
pub(super) fn parse(text: &str) -> BTreeSet<i64> {
    let range = |part: &str| -> Option<(i64, i64)> {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    text.split(',').filter_map(range).flat_map(|(first, last)| first..=last).collect()
}

/// Writes the short form: two neighbours as `1,2`, three or more as `1-3`.
pub(super) fn format(indexes: &BTreeSet<i64>) -> String {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for &index in indexes {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => ranges.push((index, index)),
        }
    }
    let part = |&(first, last): &(i64, i64)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    };
    ranges.iter().map(part).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("")]
    #[case("0")]
    #[case("0,1")]
    #[case("0-2,5")]
    #[case("1,3-7,9,10")]
    fn short_form(#[case] text: &str) {
        assert_eq!(format(&parse(text)), text);
    }
}
