//! Whether a condition holds.

use std::fmt;

use crate::pattern::Pattern;
use crate::{Condition, Keys, Quantifier, Test, Version};

/// What a request has for a condition's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// These values.
    Values(Vec<String>),
    /// The key is not there; the names of those that are.
    Missing(Vec<String>),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |texts: &[String]| texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ");
        match self {
            Self::Values(values) => write!(f, "the request has {}", quoted(values)),
            Self::Missing(others) if others.is_empty() => f.write_str("the request has no such key"),
            Self::Missing(others) => write!(f, "the request has no such key, only {}", others.join(", ")),
        }
    }
}

impl Condition {
    /// Whether it holds for these keys.
    ///
    /// # Errors
    /// What the request has instead.
    pub(crate) fn check(&self, version: Version, keys: &Keys) -> Result<(), Found> {
        let values = keys.get(&self.key.value);
        if self.holds(version, keys, values) {
            return Ok(());
        }
        Err(values.map_or_else(
            || Found::Missing(keys.names().map(str::to_owned).collect()),
            |values| Found::Values(values.to_vec()),
        ))
    }

    fn holds(&self, version: Version, keys: &Keys, values: Option<&[String]>) -> bool {
        let operator = self.operator;
        let values = values.unwrap_or_default();
        if operator.test == Test::Null {
            let missing = values.is_empty();
            return self
                .values
                .iter()
                .any(|expected| expected.eq_ignore_ascii_case(if missing { "true" } else { "false" }));
        }
        if values.is_empty() {
            return match operator.quantifier {
                Some(Quantifier::All) => true,
                Some(Quantifier::Any) => operator.if_exists,
                None => operator.if_exists || operator.test.negated(),
            };
        }
        // Whether one of the request's values is one of those that the policy names.
        let named = |value: &String| self.values.iter().any(|expected| self.equals(expected, value, version, keys));
        let negated = operator.test.negated();
        match operator.quantifier {
            Some(Quantifier::All) => values.iter().all(|value| named(value) != negated),
            Some(Quantifier::Any) => values.iter().any(|value| named(value) != negated),
            None => values.iter().any(named) != negated,
        }
    }

    fn equals(&self, expected: &str, value: &str, version: Version, keys: &Keys) -> bool {
        let test = self.operator.test;
        let wildcards = !matches!(
            test,
            Test::StringEquals | Test::StringNotEquals | Test::StringEqualsIgnoreCase | Test::StringNotEqualsIgnoreCase
        );
        let Some(pattern) = Pattern::new(expected, wildcards, version, keys) else {
            return false;
        };
        match test {
            Test::StringEqualsIgnoreCase | Test::StringNotEqualsIgnoreCase | Test::Bool => pattern.matches_ignoring_case(value),
            Test::ArnLike | Test::ArnNotLike => pattern.matches_arn(value),
            _ => pattern.matches(value),
        }
    }
}
