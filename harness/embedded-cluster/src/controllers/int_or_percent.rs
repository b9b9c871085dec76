//! Numbers that may be given as a percentage of a total.

use crate::value::Value;

/// Rounding of a percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// Towards more.
    Up,
    /// Towards less.
    Down,
}

/// The value of an `IntOrString` such as `3` or `"25%"` of `total`; none for anything else.
pub(crate) fn resolve(value: &Value, total: i64, round: Round) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let percent: i64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    let product = percent * total;
    Some(match round {
        Round::Up => (product + 99).div_euclid(100),
        Round::Down => product.div_euclid(100),
    })
}

#[cfg(test)]
mod tests {
    use crate::value::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!(3), 10, Round::Up, Some(3))]
    #[case(json!("25%"), 10, Round::Up, Some(3))]
    #[case(json!("25%"), 10, Round::Down, Some(2))]
    #[case(json!("25%"), 0, Round::Up, Some(0))]
    #[case(json!("100%"), 7, Round::Down, Some(7))]
    #[case(json!("x"), 7, Round::Down, None)]
    fn resolves(#[case] value: Value, #[case] total: i64, #[case] round: Round, #[case] expected: Option<i64>) {
        assert_eq!(resolve(&value, total, round), expected);
    }
}
