//! The elements of an array: how many there are, what each gets, and what is said of those that failed.

use std::collections::BTreeMap;

use crate::crd::{Array, ExecutionError, NodePhase, NodeStatus};
use crate::proto::core::literal::Value;
use crate::proto::core::scalar::Value as Single;
use crate::proto::core::{Literal, LiteralCollection, LiteralMap, Scalar, Void};

/// How many elements there are.
pub(super) fn size(array: &Array, inputs: &LiteralMap) -> Result<usize, String> {
    let mut size = None;
    for literal in inputs
        .literals
        .iter()
        .filter(|(name, _)| !array.bound_inputs.contains(name))
        .map(|(_, literal)| literal)
    {
        let Some(Value::Collection(list)) = &literal.value else { continue };
        let found = list.literals.len();
        if *size.get_or_insert(found) != found {
            return Err(format!(
                "input arrays have different lengths: expecting '{}' found '{found}'",
                size.unwrap_or_default()
            ));
        }
    }
    size.ok_or_else(|| "no input array provided".to_owned())
}

/// One element's inputs: an element of each list, and all else as it is.
pub(super) fn inputs_of(array: &Array, inputs: &LiteralMap, index: usize) -> LiteralMap {
    let literals = inputs.literals.iter().map(|(name, literal)| {
        let own = match &literal.value {
            Some(Value::Collection(list)) if !array.bound_inputs.contains(name) => list.literals.get(index),
            _ => None,
        };
        (name.clone(), own.unwrap_or(literal).clone())
    });
    LiteralMap {
        literals: literals.collect(),
    }
}

pub(super) fn list(literals: Vec<Literal>) -> Literal {
    Literal {
        value: Some(Value::Collection(LiteralCollection { literals })),
        ..Literal::default()
    }
}

pub(super) fn none() -> Literal {
    Literal {
        value: Some(Value::Scalar(Box::new(Scalar {
            value: Some(Single::NoneType(Void {})),
        }))),
        ..Literal::default()
    }
}

/// What failed, each message once, with the elements that it is about: `[0-2][5]: message`.
pub(super) fn summary(elements: &BTreeMap<String, NodeStatus>) -> ExecutionError {
    let mut by_message: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (id, status) in elements {
        let index = id.strip_prefix('n').and_then(|index| index.parse().ok());
        if let (Some(index), Some(error), NodePhase::Failed) = (index, &status.error, status.phase) {
            by_message.entry(&error.message).or_default().push(index);
        }
    }
    let lines = by_message.into_iter().map(|(message, mut indexes)| {
        indexes.sort_unstable();
        let ranges = indexes.chunk_by(|one, next| one + 1 == *next).map(|range| match range {
            [one] => format!("[{one}]"),
            [first, .., last] => format!("[{first}-{last}]"),
            [] => String::new(),
        });
        format!("{}: {message}\n", ranges.collect::<String>())
    });
    ExecutionError {
        code: String::new(),
        message: lines.collect(),
        user: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::{Node, NodeTarget};

    fn of(node: &str) -> Array {
        Array {
            node: Node {
                id: node.to_owned(),
                name: String::new(),
                target: NodeTarget::Task("t".to_owned()),
                upstream: Vec::new(),
                inputs: Vec::new(),
                retries: 0,
                interruptible: None,
                cache: crate::crd::CacheOverride::default(),
            },
            parallelism: 0,
            succeeds: crate::crd::Succeeds::All,
            bound_inputs: vec!["all".to_owned()],
            individual: false,
        }
    }

    #[test]
    fn lists_have_one_length() {
        let map = |pairs: &[(&str, usize)]| LiteralMap {
            literals: pairs
                .iter()
                .map(|(name, size)| ((*name).to_owned(), list(vec![none(); *size])))
                .collect(),
        };
        let array = of("n0");
        assert_eq!(size(&array, &map(&[("a", 3), ("b", 3), ("all", 5)])), Ok(3));
        assert_eq!(size(&array, &map(&[("all", 5)])), Err("no input array provided".to_owned()));
        let differ = "input arrays have different lengths: expecting '3' found '2'";
        assert_eq!(size(&array, &map(&[("a", 3), ("b", 2)])), Err(differ.to_owned()));
        let own = inputs_of(&array, &map(&[("a", 3), ("all", 2)]), 1);
        assert_eq!(
            (own.literals["a"].clone(), own.literals["all"].clone()),
            (none(), list(vec![none(); 2]))
        );
    }

    #[test]
    fn failures_are_told_once() {
        let failed = |message: &str| NodeStatus {
            phase: NodePhase::Failed,
            error: Some(ExecutionError {
                message: message.to_owned(),
                ..ExecutionError::default()
            }),
            ..NodeStatus::default()
        };
        let elements = [
            ("n0", failed("a")),
            ("n1", failed("a")),
            ("n2", failed("b")),
            ("n3", failed("a")),
            ("n10", NodeStatus::default()),
        ];
        let error = summary(&elements.map(|(id, status)| (id.to_owned(), status)).into());
        assert_eq!(error.message, "[0-1][3]: a\n[2]: b\n");
    }

    #[test]
    fn enough_may_succeed() {
        use crate::crd::Succeeds::{All, Count, Ratio};
        for (succeeds, all, expected) in [
            (All, 3, 3),
            (Count(2), 3, 2),
            (Ratio(0.5), 3, 2),
            (Ratio(1.0), 3, 3),
            (Ratio(0.0), 3, 0),
        ] {
            assert_eq!(succeeds.of(all), expected, "{succeeds:?}");
        }
    }
}
