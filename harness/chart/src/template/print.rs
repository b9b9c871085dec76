//! How Go prints values (`%v`), and floats in particular.

use std::fmt::Write;

use super::Value;

/// `fmt.Sprint` of one value.
pub(crate) fn go_text(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Nil => out.push_str("<nil>"),
        Value::Bool(b) => {
            let _ = write!(out, "{b}");
        }
        Value::Int(n) | Value::Int64(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Float(f) => out.push_str(&float_text(*f)),
        Value::Str(s) => out.push_str(s),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (i, (key, item)) in map.borrow().iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(object) => out.push_str(&object.text()),
    }
}

/// `strconv.FormatFloat(f, 'g', -1, 64)`: shortest digits, exponent form below
/// 1e-4 and from 1e6 on (a million in values.yaml prints as `1e+06`).
pub(crate) fn float_text(f: f64) -> String {
    if f.is_nan() {
        return "NaN".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let (digits, exponent) = shortest(f);
    if !(-4..6).contains(&exponent) {
        return exponent_text(f.is_sign_negative(), &digits, exponent);
    }
    format!("{f}")
}

/// Decimal digits without a point, and the exponent of the first digit.
fn shortest(f: f64) -> (String, i32) {
    let text = format!("{:e}", f.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

fn exponent_text(negative: bool, digits: &str, exponent: i32) -> String {
    let sign = if negative { "-" } else { "" };
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let esign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{first}{point}{rest}e{esign}{:02}", exponent.abs())
}

/// A float as Go's `encoding/json` writes it.
pub(super) fn json_float(f: f64) -> String {
    let magnitude = f.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let (digits, exponent) = shortest(f);
        let text = exponent_text(f.is_sign_negative(), &digits, exponent);
        return text.replace("e-0", "e-");
    }
    format!("{f}")
}
