//! Sharding a suite over machines: `--partition i/n`.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Part `index` of `of`, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Partition {
    index: NonZeroUsize,
    of: NonZeroUsize,
}

/// Why a text names no part.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PartitionError {
    /// Not of the form `i/n`.
    #[error("a partition is written i/n, for example 1/3")]
    Form,
    /// Outside of `1..=n`.
    #[error("there is no part {index} of {of}: parts count from 1 to {of}")]
    Range {
        /// The part asked for.
        index: usize,
        /// How many there are.
        of: usize,
    },
}

impl Partition {
    /// All parts of a division into so many.
    pub fn all(of: usize) -> impl Iterator<Item = Self> {
        NonZeroUsize::new(of).into_iter().flat_map(|of| {
            let parts = (1..=of.get()).filter_map(NonZeroUsize::new);
            parts.map(move |index| Self { index, of })
        })
    }

    /// Which part, from 1.
    pub fn index(self) -> usize {
        self.index.get()
    }

    /// How many parts there are.
    pub fn of(self) -> usize {
        self.of.get()
    }

    /// The items of this part: dealt out in turn in the order of their names, so that parts differ by at most one item, and each machine
    /// finds its own without asking the others. The order in which `items` come has no influence.
    pub fn select<T>(self, mut items: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
        items.sort_by(|a, b| name(a).cmp(name(b)));
        items.into_iter().skip(self.index.get() - 1).step_by(self.of.get()).collect()
    }
}

impl FromStr for Partition {
    type Err = PartitionError;

    fn from_str(text: &str) -> Result<Self, PartitionError> {
        let (index, of) = text.split_once('/').ok_or(PartitionError::Form)?;
        let number = |text: &str| {
            // `usize::from_str` takes a sign, too.
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<usize>().ok().filter(|_| digits).ok_or(PartitionError::Form)
        };
        let (index, of) = (number(index)?, number(of)?);
        match (NonZeroUsize::new(index), NonZeroUsize::new(of)) {
            (Some(index), Some(of)) if index <= of => Ok(Self { index, of }),
            (_, None) => Err(PartitionError::Form),
            _ => Err(PartitionError::Range { index, of }),
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl TryFrom<String> for Partition {
    type Error = PartitionError;

    fn try_from(text: String) -> Result<Self, PartitionError> {
        text.parse()
    }
}

impl From<Partition> for String {
    fn from(partition: Partition) -> Self {
        partition.to_string()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NAMES: [&str; 8] = [
        "weights",
        "guide-day2",
        "a",
        "capitals",
        "no-rights",
        "percentages",
        "z",
        "wrong-ca",
    ];

    fn part(text: &str, names: &[&'static str]) -> Vec<&'static str> {
        text.parse::<Partition>().unwrap().select(names.to_vec(), |name| name)
    }

    #[test]
    fn parts_are_disjoint_balanced_and_together_everything() {
        for of in 1..=NAMES.len() + 3 {
            let parts: Vec<Vec<&str>> = (1..=of).map(|index| part(&format!("{index}/{of}"), &NAMES)).collect();
            let sizes: Vec<usize> = parts.iter().map(Vec::len).collect();
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{of}: {sizes:?}");
            // As many as there are, and all of them: so none twice.
            let mut all: Vec<&str> = parts.concat();
            all.sort_unstable();
            let mut names = NAMES;
            names.sort_unstable();
            assert_eq!(all, names, "{of} parts");
        }
    }

    #[test]
    fn a_part_is_the_same_whatever_order_the_files_come_in() {
        let mut reversed = NAMES;
        reversed.reverse();
        assert_eq!(part("2/3", &NAMES), ["capitals", "percentages", "z"]);
        assert_eq!(part("2/3", &reversed), ["capitals", "percentages", "z"]);
        assert!(part("9/9", &NAMES).is_empty());
    }

    #[rstest]
    #[case("", PartitionError::Form)]
    #[case("1", PartitionError::Form)]
    #[case("1/", PartitionError::Form)]
    #[case("a/2", PartitionError::Form)]
    #[case("+1/2", PartitionError::Form)]
    #[case("1/2/3", PartitionError::Form)]
    #[case("1/0", PartitionError::Form)]
    #[case("0/2", PartitionError::Range { index: 0, of: 2 })]
    #[case("3/2", PartitionError::Range { index: 3, of: 2 })]
    fn what_is_no_part(#[case] text: &str, #[case] error: PartitionError) {
        assert_eq!(text.parse::<Partition>(), Err(error));
    }
}
