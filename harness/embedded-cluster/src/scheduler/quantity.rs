//! Kubernetes quantities: `250m`, `1.5`, `2Gi`, `1e3`.

use std::str::FromStr;

/// A quantity, exact to a billionth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quantity(i128);

const NANO: i128 = 1_000_000_000;

impl Quantity {
    /// In thousandths, rounded up.
    pub(crate) fn millis(self) -> i64 {
        self.rounded_up(NANO / 1000)
    }

    /// In whole units, rounded up.
    pub(crate) fn units(self) -> i64 {
        self.rounded_up(NANO)
    }

    fn rounded_up(self, unit: i128) -> i64 {
        let quotient = self.0.div_euclid(unit) + i128::from(self.0.rem_euclid(unit) != 0);
        i64::try_from(quotient).unwrap_or(if quotient < 0 { i64::MIN } else { i64::MAX })
    }
}

/// The text is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a quantity")]
pub(crate) struct NotAQuantity;

impl FromStr for Quantity {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        let mantissa: i128 = digits.parse().map_err(|_| NotAQuantity)?;
        let scale = scale(suffix).ok_or(NotAQuantity)?;
        let decimals = u32::try_from(fraction.len()).map_err(|_| NotAQuantity)?;
        let divisor = 10_i128.checked_pow(decimals).ok_or(NotAQuantity)?;
        let product = mantissa.checked_mul(scale).ok_or(NotAQuantity)?;
        // Finer than a billionth is rounded up, as in Kubernetes.
        Ok(Self(product.div_euclid(divisor) + i128::from(product.rem_euclid(divisor) != 0)))
    }
}

/// Billionths in one of the unit that a suffix names.
fn scale(suffix: &str) -> Option<i128> {
    if let Some(exponent) = suffix.strip_prefix(['e', 'E']).filter(|rest| !rest.is_empty()) {
        let exponent: i32 = exponent.parse().ok()?;
        return 10_i128.checked_pow(u32::try_from(exponent + 9).ok()?);
    }
    Some(match suffix {
        "n" => 1,
        "u" => NANO / 1_000_000,
        "m" => NANO / 1000,
        "" => NANO,
        _ => {
            let (letter, base) = match suffix.strip_suffix('i') {
                Some(letter) => (letter, 1024_i128),
                None => (suffix, 1000),
            };
            let power = match (letter, base) {
                ("k", 1000) | ("K", 1024) => 1,
                ("M", _) => 2,
                ("G", _) => 3,
                ("T", _) => 4,
                ("P", _) => 5,
                ("E", _) => 6,
                _ => return None,
            };
            NANO.checked_mul(base.pow(power))?
        }
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("1", Some((1000, 1)))]
    #[case("250m", Some((250, 1)))]
    #[case("1.5", Some((1500, 2)))]
    #[case("0.1", Some((100, 1)))]
    #[case("1e3", Some((1_000_000, 1000)))]
    #[case("2Ki", Some((2_048_000, 2048)))]
    #[case("1.5Gi", Some((1_610_612_736_000, 1_610_612_736)))]
    #[case("1M", Some((1_000_000_000, 1_000_000)))]
    #[case("100n", Some((1, 1)))]
    #[case("0", Some((0, 0)))]
    #[case("", None)]
    #[case("1x", None)]
    #[case("1K", None)]
    #[case("Gi", None)]
    fn reads(#[case] text: &str, #[case] expected: Option<(i64, i64)>) {
        let read = text.parse::<Quantity>().ok();
        assert_eq!(read.map(|q| (q.millis(), q.units())), expected);
    }
}
