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

/// The value of an `IntOrString` such as `3` or `"25%"` of `total`, within the numbers that Kubernetes counts with (32 bits); none
/// for anything else.
pub(crate) fn resolve(value: &Value, total: i64, round: Round) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(counted(number.into()));
    }
    let percent: i64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    let product = i128::from(percent) * i128::from(total);
    Some(counted(match round {
        Round::Up => (product + 99).div_euclid(100),
        Round::Down => product.div_euclid(100),
    }))
}

fn counted(number: i128) -> i64 {
    let within = number.clamp(i32::MIN.into(), i32::MAX.into());
    i64::try_from(within).unwrap_or_default()
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
    #[case(json!("9000000000000000000%"), 7, Round::Up, Some(i64::from(i32::MAX)))]
    #[case(json!("x"), 7, Round::Down, None)]
    fn resolves(#[case] value: Value, #[case] total: i64, #[case] round: Round, #[case] expected: Option<i64>) {
        assert_eq!(resolve(&value, total, round), expected);
    }
}
