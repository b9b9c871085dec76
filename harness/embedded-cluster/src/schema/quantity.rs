//! Resource quantities: `500m`, `1Gi`, `1e3`.
//!
//! A quantity is kept in nano-units, the finest that Kubernetes keeps, and printed in Kubernetes' canonical form: the
//! largest suffix that leaves no fraction.

use std::fmt;
use std::ops::{Add, Sub};

/// What a number with a suffix means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// `k`, `M`, ...; `m`, `u`, `n` for fractions.
    Decimal,
    /// `Ki`, `Mi`, ...
    Binary,
    /// `e3`.
    Exponent,
}

/// An amount of a resource.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantity {
    /// The amount in 10^-9.
    pub(crate) nano: i128,
    format: Format,
}

/// Why a text is no quantity, in Kubernetes' words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QuantityError {
    /// Not a number with a suffix.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Form,
    /// An unknown suffix.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

const NANO: i128 = 1_000_000_000;
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// Reads a quantity as it stands in an object.
    pub(crate) fn parse(text: &str) -> Result<Quantity, QuantityError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let digits = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(digits);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(QuantityError::Form);
        }
        let (scale, format) = scale(suffix)?;
        let nano = magnitude(whole, fraction, scale);
        Ok(Quantity {
            nano: if negative { -nano } else { nano },
            format,
        })
    }
}

impl Quantity {
    pub(crate) const ZERO: Quantity = Quantity {
        nano: 0,
        format: Format::Decimal,
    };

    /// So many of something.
    pub(crate) fn whole(number: i64) -> Quantity {
        Quantity {
            nano: i128::from(number) * NANO,
            ..Quantity::ZERO
        }
    }

    /// The amount, in the form of the first of both that is not zero.
    fn like(self, other: Quantity, nano: i128) -> Quantity {
        let format = if self.nano == 0 { other.format } else { self.format };
        Quantity { nano, format }
    }
}

impl Add for Quantity {
    type Output = Quantity;

    fn add(self, more: Quantity) -> Quantity {
        self.like(more, self.nano.saturating_add(more.nano))
    }
}

impl Sub for Quantity {
    type Output = Quantity;

    fn sub(self, less: Quantity) -> Quantity {
        self.like(less, self.nano.saturating_sub(less.nano))
    }
}

/// Unit of a suffix.
enum Scale {
    Ten(i32),
    Two(u32),
}

fn scale(suffix: &str) -> Result<(Scale, Format), QuantityError> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Ok((Scale::Ten(*exponent), Format::Decimal));
    }
    if let Some(index) = BINARY.iter().position(|name| *name == suffix) {
        let bits = 10 * (u32::try_from(index).unwrap_or(0) + 1);
        return Ok((Scale::Two(bits), Format::Binary));
    }
    if let Some(exponent) = suffix.strip_prefix(['e', 'E']) {
        let exponent = exponent.parse().map_err(|_| QuantityError::Suffix)?;
        return Ok((Scale::Ten(exponent), Format::Exponent));
    }
    let known = suffix.chars().all(|c| "eEinumkKMGTP+-0123456789".contains(c));
    Err(if known { QuantityError::Suffix } else { QuantityError::Form })
}

/// `whole.fraction` times the unit, in nano-units, rounded up, capped at what Kubernetes' 63 bits hold.
fn magnitude(whole: &str, fraction: &str, scale: Scale) -> i128 {
    let cap = i128::from(i64::MAX) * NANO;
    let mut value: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        value = value.saturating_mul(10).saturating_add(i128::from(digit - b'0'));
    }
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let exponent = match scale {
        Scale::Ten(exponent) => exponent.saturating_add(9).saturating_sub(places),
        Scale::Two(bits) => {
            value = value.saturating_mul(1 << bits);
            9_i32.saturating_sub(places)
        }
    };
    for _ in 0..exponent.clamp(0, 40) {
        value = value.saturating_mul(10);
    }
    for left in (1..=exponent.min(0).unsigned_abs().min(60)).rev() {
        let exact = value % 10 == 0;
        value /= 10;
        // Kubernetes rounds away from zero; one step at the end is enough once anything was cut off.
        if !exact && left == 1 {
            value += 1;
        } else if !exact {
            value |= 1;
        }
    }
    value.min(cap)
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return f.write_str("0");
        }
        let whole = self.nano % NANO == 0;
        let small = self.nano.abs() < 1024 * NANO;
        if self.format == Format::Binary && whole && !small {
            return self.fmt_binary(f);
        }
        let mut mantissa = self.nano;
        let mut exponent = -9;
        while mantissa % 1000 == 0 && exponent < 18 {
            mantissa /= 1000;
            exponent += 3;
        }
        if self.format == Format::Exponent {
            return if exponent == 0 {
                write!(f, "{mantissa}")
            } else {
                write!(f, "{mantissa}e{exponent}")
            };
        }
        let suffix = DECIMAL.iter().find(|(_, scale)| *scale == exponent);
        write!(f, "{mantissa}{}", suffix.map_or("", |(name, _)| name))
    }
}

impl Quantity {
    fn fmt_binary(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mantissa = self.nano / NANO;
        let mut suffix = "";
        for name in BINARY {
            if mantissa % 1024 != 0 {
                break;
            }
            mantissa /= 1024;
            suffix = name;
        }
        write!(f, "{mantissa}{suffix}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("1000m", "1")]
    #[case("0.5", "500m")]
    #[case("1.5Gi", "1536Mi")]
    #[case("1024Mi", "1Gi")]
    #[case("1024", "1024")]
    #[case("100Mi", "100Mi")]
    #[case("0.5Mi", "512Ki")]
    #[case("1Ki", "1Ki")]
    #[case("0.5Ki", "512")]
    #[case("1e3", "1e3")]
    #[case("2000000", "2M")]
    #[case("-1500m", "-1500m")]
    #[case("0Gi", "0")]
    #[case("1.0000000001", "1000000001n")]
    #[case(".5", "500m")]
    fn prints_canonically(#[case] text: &str, #[case] canonical: &str) {
        assert_eq!(Quantity::parse(text).unwrap().to_string(), canonical);
    }

    #[rstest]
    #[case("", QuantityError::Form)]
    #[case("x", QuantityError::Form)]
    #[case("1.2.3", QuantityError::Form)]
    #[case("1Kk", QuantityError::Suffix)]
    #[case("1x", QuantityError::Form)]
    fn refused(#[case] text: &str, #[case] error: QuantityError) {
        assert_eq!(Quantity::parse(text).unwrap_err(), error);
    }
}
