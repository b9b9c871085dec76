//! Conversions, defaults and questions about types.

use super::args::{strings, strval};
use super::{Args, Function, MANY, function};
use crate::template::{Engine, Fault, FaultKind, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("int", 1, 1, |_, a| Ok(Value::Int(to_int64(a.get(0))))),
    function("int64", 1, 1, |_, a| Ok(Value::Int64(to_int64(a.get(0))))),
    function("float64", 1, 1, |_, a| Ok(Value::Float(to_float(a.get(0))))),
    function("atoi", 1, 1, |_, a| Ok(Value::Int(parse_int(a.str(0)?)))),
    function("toDecimal", 1, 1, |_, a| {
        Ok(Value::Int64(i64::from_str_radix(&strval(a.get(0)), 8).unwrap_or(0)))
    }),
    function("toString", 1, 1, |_, a| Ok(Value::str(strval(a.get(0))))),
    function("toStrings", 1, 1, |_, a| Ok(Value::texts(strings(a.get(0))))),
    function("default", 1, 2, |_, a| {
        Ok(if a.get(1).truthy() { a.get(1).clone() } else { a.get(0).clone() })
    }),
    function("empty", 1, 1, |_, a| Ok(Value::Bool(!a.get(0).truthy()))),
    function("coalesce", 0, MANY, |_, a| {
        Ok(a.all().iter().find(|v| v.truthy()).cloned().unwrap_or_default())
    }),
    function("all", 0, MANY, |_, a| Ok(Value::Bool(a.all().iter().all(Value::truthy)))),
    function("any", 0, MANY, |_, a| Ok(Value::Bool(a.all().iter().any(Value::truthy)))),
    function("ternary", 3, 3, |_, a| {
        Ok(if a.bool(2)? { a.get(0).clone() } else { a.get(1).clone() })
    }),
    function("kindOf", 1, 1, |_, a| Ok(Value::str(a.get(0).kind()))),
    function("kindIs", 2, 2, |_, a| Ok(Value::Bool(a.str(0)? == a.get(1).kind()))),
    function("typeOf", 1, 1, |_, a| Ok(Value::str(a.get(0).type_name()))),
    function("typeIs", 2, 2, |_, a| Ok(Value::Bool(a.str(0)? == a.get(1).type_name()))),
    function("typeIsLike", 2, 2, |_, a| {
        let (wanted, is) = (a.str(0)?, a.get(1).type_name());
        Ok(Value::Bool(wanted == is || is.strip_prefix('*') == Some(wanted)))
    }),
    function("deepEqual", 2, 2, |_, a| Ok(Value::Bool(a.get(0) == a.get(1)))),
    function("fail", 1, 1, |_, a| Err(Fault::of(FaultKind::Chart, a.str(0)?))),
    function("required", 2, 2, required),
];

/// Helm's `required`: nil and the empty string are missing, everything else is there.
fn required(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let missing = match a.get(1) {
        Value::Nil => true,
        Value::Str(s) => s.is_empty(),
        _ => false,
    };
    if missing {
        return Err(Fault::of(FaultKind::Chart, a.str(0)?));
    }
    Ok(a.get(1).clone())
}

/// Go's `strconv.ParseInt` in base 10 as Sprig uses it: what is no number is 0, what is too large the nearest that fits.
pub(super) fn parse_int(text: &str) -> i64 {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    match text.parse::<i64>() {
        Ok(n) => n,
        Err(error) => match error.kind() {
            PosOverflow => i64::MAX,
            NegOverflow => i64::MIN,
            _ => 0,
        },
    }
}

/// The library cast's `ToInt64`: what is no number is 0.
pub(super) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Int(n) | Value::Int64(n) => *n,
        // What is out of range becomes the least number, as on Go's amd64.
        Value::Float(f) if f.is_nan() || f.abs() >= 2f64.powi(63) => i64::MIN,
        Value::Float(f) => *f as i64,
        Value::Bool(b) => i64::from(*b),
        Value::Object(object) if object.kind() == "int" => to_int64(&object.plain()),
        Value::Str(s) => integer(s),
        _ => 0,
    }
}

/// Go's `ParseInt` with base 0: a leading zero means octal. A zero fraction is cut off.
fn integer(s: &str) -> i64 {
    let s = match s.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() && fraction.bytes().all(|b| b == b'0') => whole,
        _ => s,
    };
    let (negative, digits) = match s.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, s.strip_prefix('+').unwrap_or(s)),
    };
    let based = |prefixes: [&str; 2], radix| {
        let digits = prefixes.iter().find_map(|p| digits.strip_prefix(p))?;
        i64::from_str_radix(digits, radix).ok()
    };
    let digits = digits.replace('_', "");
    let n = based(["0x", "0X"], 16)
        .or_else(|| based(["0b", "0B"], 2))
        .or_else(|| based(["0o", "0O"], 8))
        .or_else(|| match digits.strip_prefix('0') {
            Some(octal) if !octal.is_empty() => i64::from_str_radix(octal, 8).ok(),
            _ => digits.parse().ok(),
        })
        .unwrap_or(0);
    if negative { -n } else { n }
}

pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(n) | Value::Int64(n) => *n as f64,
        Value::Float(f) => *f,
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::Str(s) => s.replace('_', "").parse().unwrap_or(0.0),
        _ => 0.0,
    }
}
