//! Decimal arithmetic: Sprig's float functions add `0.1` and `0.2` to `0.3`.

/// `digits * 10^exponent`.
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

/// Decimals that a division keeps.
const PRECISION: i32 = 16;

impl Decimal {
    /// The shortest decimal that stands for the float.
    fn new(f: f64) -> Option<Self> {
        let text = format!("{f:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        Some(Decimal {
            digits: format!("{whole}{fraction}").parse().ok()?,
            exponent: exponent.parse::<i32>().ok()? - fraction.len() as i32,
        })
    }

    fn float(self) -> Option<f64> {
        format!("{}e{}", self.digits, self.exponent).parse().ok()
    }

    /// Both with the smaller exponent.
    fn aligned(self, other: Self) -> Option<(i128, i128, i32)> {
        let exponent = self.exponent.min(other.exponent);
        Some((self.scaled(exponent)?, other.scaled(exponent)?, exponent))
    }

    fn scaled(self, exponent: i32) -> Option<i128> {
        let places = u32::try_from(self.exponent - exponent).ok()?;
        self.digits.checked_mul(10i128.checked_pow(places)?)
    }

    fn divided(self, by: Self) -> Option<Self> {
        // As many digits as the result has decimals, and one step of rounding.
        let shift = self.exponent - by.exponent + PRECISION;
        let (mut above, mut below) = (self.digits, by.digits);
        let power = 10i128.checked_pow(shift.unsigned_abs())?;
        if shift >= 0 {
            above = above.checked_mul(power)?;
        } else {
            below = below.checked_mul(power)?;
        }
        let (quotient, rest) = (above.checked_div(below)?, above.checked_rem(below)?);
        let up = rest.unsigned_abs().checked_mul(2)? >= below.unsigned_abs();
        let step = if !up {
            0
        } else if (above < 0) == (below < 0) {
            1
        } else {
            -1
        };
        Some(Decimal {
            digits: quotient + step,
            exponent: -PRECISION,
        })
    }
}

/// What to do with two numbers.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// The exact result; numbers too far apart for it give that of floats.
pub(super) fn exact(a: f64, operation: Operation, b: f64) -> f64 {
    decimal(a, operation, b).unwrap_or(match operation {
        Operation::Add => a + b,
        Operation::Subtract => a - b,
        Operation::Multiply => a * b,
        // Less than the decimals that are kept is nothing.
        Operation::Divide if (a / b).abs() < 5e-17 => 0.0,
        Operation::Divide => a / b,
    })
}

fn decimal(a: f64, operation: Operation, b: f64) -> Option<f64> {
    let (a, b) = (Decimal::new(a)?, Decimal::new(b)?);
    let sum = |b: Decimal| {
        let (x, y, exponent) = a.aligned(b)?;
        Some(Decimal {
            digits: x.checked_add(y)?,
            exponent,
        })
    };
    let result = match operation {
        Operation::Add => sum(b),
        Operation::Subtract => sum(Decimal { digits: -b.digits, ..b }),
        Operation::Multiply => Some(Decimal {
            digits: a.digits.checked_mul(b.digits)?,
            exponent: a.exponent + b.exponent,
        }),
        Operation::Divide => a.divided(b),
    };
    result?.float()
}
