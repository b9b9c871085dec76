//! Integers and floats.

use super::text::{escaped, printable};
use super::verb::Verb;
use crate::template::float_text;

pub(super) fn is_integral(letter: char) -> bool {
    matches!(letter, 'v' | 'd' | 'b' | 'o' | 'O' | 'x' | 'X' | 'c' | 'q' | 'U')
}

pub(super) fn is_floating(letter: char) -> bool {
    matches!(letter, 'v' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'x' | 'X')
}

pub(super) fn integer(verb: &Verb, out: &mut String, n: i64) {
    let magnitude = n.unsigned_abs();
    let character = || u32::try_from(n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    let (digits, prefix) = match verb.letter {
        'b' => (format!("{magnitude:b}"), if verb.sharp { "0b" } else { "" }),
        'o' => (format!("{magnitude:o}"), if verb.sharp && magnitude != 0 { "0" } else { "" }),
        'O' => (format!("{magnitude:o}"), "0o"),
        'x' => (format!("{magnitude:x}"), if verb.sharp { "0x" } else { "" }),
        'X' => (format!("{magnitude:X}"), if verb.sharp { "0X" } else { "" }),
        'c' => return verb.pad(out, &character().to_string()),
        'q' => return verb.pad(out, &escaped(&character().to_string(), '\'', verb.plus)),
        'U' => {
            let code = format!("U+{magnitude:0>places$X}", places = verb.precision.unwrap_or(0).max(4));
            let shown = if verb.sharp && printable(character()) {
                format!("{code} '{}'", character())
            } else {
                code
            };
            return spaced(verb).pad(out, &shown);
        }
        _ => (magnitude.to_string(), ""),
    };
    let sign = sign(verb, n < 0);
    let least = match verb.precision {
        Some(0) if n == 0 => return spaced(verb).pad(out, ""),
        Some(precision) => precision,
        None if verb.zero && !verb.minus => verb.width.unwrap_or(0).saturating_sub(sign.len()),
        None => 0,
    };
    spaced(verb).pad(out, &format!("{sign}{prefix}{digits:0>least$}"));
}

fn sign(verb: &Verb, negative: bool) -> &'static str {
    match (negative, verb.plus, verb.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    }
}

/// The same without zeros as filling: they are in the number already.
fn spaced(verb: &Verb) -> Verb {
    Verb {
        zero: false,
        ..verb.clone()
    }
}

pub(super) fn float(verb: &Verb, out: &mut String, f: f64) {
    let magnitude = f.abs();
    let sign = match (f.is_nan(), sign(verb, f.is_sign_negative() && !f.is_nan())) {
        // Go writes a sign before infinity.
        (false, "") if f.is_infinite() => "+",
        (_, sign) => sign,
    };
    if !f.is_finite() {
        return spaced(verb).pad(out, &format!("{sign}{}", if f.is_nan() { "NaN" } else { "Inf" }));
    }
    let digits = match verb.letter {
        'f' | 'F' => format!("{magnitude:.*}", verb.precision.unwrap_or(6)),
        'e' | 'E' => scientific(magnitude, verb.precision.unwrap_or(6)),
        'x' | 'X' => binary(magnitude, verb.precision),
        _ => general(magnitude, verb.precision),
    };
    let digits = if matches!(verb.letter, 'E' | 'G' | 'X') {
        digits.to_uppercase()
    } else {
        digits
    };
    let least = if verb.zero && !verb.minus {
        verb.width.unwrap_or(0).saturating_sub(sign.len())
    } else {
        0
    };
    spaced(verb).pad(out, &format!("{sign}{digits:0>least$}"));
}

fn scientific(f: f64, precision: usize) -> String {
    let text = format!("{f:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// `%g`: with a precision that many significant digits, without trailing zeros.
fn general(f: f64, precision: Option<usize>) -> String {
    let Some(precision) = precision else { return float_text(f) };
    let places = precision.max(1) - 1;
    let text = format!("{f:.places$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let kept = mantissa.trim_end_matches('0').trim_end_matches('.').replace('.', "").len().max(1);
    // As in Go, digits that reach the point count instead of a precision beyond them.
    let reaching = precision > kept && i32::try_from(kept).is_ok_and(|kept| kept > exponent);
    let limit = if reaching { kept } else { precision.max(1) };
    if exponent < -4 || exponent >= i32::try_from(limit).unwrap_or(i32::MAX) {
        return scientific(f, kept - 1);
    }
    let decimals = usize::try_from(i32::try_from(kept).unwrap_or(0) - 1 - exponent).unwrap_or(0);
    let rounded: f64 = text.parse().unwrap_or(f);
    format!("{rounded:.decimals$}")
}

/// `%x`: the binary fraction in hexadecimal digits.
fn binary(f: f64, precision: Option<usize>) -> String {
    let bits = f.to_bits();
    let (mut exponent, mut mantissa) = (((bits >> 52) & 0x7ff) as i32 - 1023, bits & ((1 << 52) - 1));
    let mut whole = 1;
    if f == 0.0 {
        (whole, exponent) = (0, 0);
    } else if exponent == -1023 {
        // A subnormal number is shifted until its first digit is 1.
        let shift = mantissa.leading_zeros() - 11;
        exponent = -1022 - shift as i32;
        mantissa = (mantissa << shift) & ((1 << 52) - 1);
    }
    let digits = match precision {
        None => format!("{mantissa:013x}").trim_end_matches('0').to_owned(),
        Some(precision) if precision >= 13 => format!("{mantissa:013x}{}", "0".repeat(precision - 13)),
        Some(precision) => {
            let dropped = 52 - 4 * precision as u32;
            let all = (whole << 52) | mantissa;
            let (mut kept, rest, half) = (all >> dropped, all & ((1 << dropped) - 1), 1u64 << (dropped - 1));
            kept += u64::from(rest > half || (rest == half && kept & 1 == 1));
            whole = kept >> (4 * precision);
            if whole > 1 {
                (whole, exponent, kept) = (1, exponent + 1, 0);
            }
            let fraction = kept & ((1 << (4 * precision)) - 1);
            if precision == 0 {
                String::new()
            } else {
                format!("{fraction:0precision$x}")
            }
        }
    };
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("0x{whole}{point}{digits}p{sign}{:02}", exponent.abs())
}
