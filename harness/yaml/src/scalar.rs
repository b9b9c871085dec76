//! What a plain scalar means: to Kubernetes' Go tools, and to YAML 1.2.
//!
//! Facts of Kubernetes' reading (sigs.k8s.io/yaml over go-yaml v2): YAML 1.1 booleans, octals with a leading `0` or `0o`,
//! underscores in numbers; everything goes through JSON, so a float with an integral value becomes an integer.

use serde_json::{Number, Value};

/// Which rules read plain scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// As `kubectl` and Helm do.
    Kubernetes,
    /// YAML 1.2's core schema.
    Core,
}

impl Rules {
    /// The value of a plain scalar. `None`: infinity or not-a-number, which JSON has not.
    pub fn resolve(self, text: &str) -> Option<Value> {
        if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
            return Some(Value::Null);
        }
        if let Some(boolean) = self.boolean(text) {
            return Some(Value::Bool(boolean));
        }
        let unsigned = text.trim_start_matches(['+', '-']);
        if text.len() - unsigned.len() <= 1 && matches!(unsigned, ".inf" | ".Inf" | ".INF") {
            return None;
        }
        if matches!(text, ".nan" | ".NaN" | ".NAN") {
            return None;
        }
        let number = match self {
            Rules::Kubernetes => kubernetes_number(text),
            Rules::Core => core_number(text),
        };
        match number {
            Some(Real::Integer(value)) => Some(Value::Number(value)),
            Some(Real::Float(value)) if self == Rules::Kubernetes => Some(through_json(value)),
            Some(Real::Float(value)) => Some(Value::from(value)),
            None => Some(Value::String(text.to_owned())),
        }
    }

    fn boolean(self, text: &str) -> Option<bool> {
        match text {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ if self == Rules::Core => None,
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
            _ => None,
        }
    }
}

/// A float as Go's JSON encoder writes it and its decoder reads it back: `1e3` is the integer 1000.
pub(crate) fn through_json(value: f64) -> Value {
    // 2^63 and 2^64 are exact in f64; beyond them Go keeps a float.
    if value.fract() == 0.0 && value.abs() < 9_223_372_036_854_775_808.0 {
        #[expect(clippy::cast_possible_truncation, reason = "integral and within i64, checked above")]
        return Value::from(value as i64);
    }
    Value::from(value)
}

enum Real {
    Integer(Number),
    Float(f64),
}

fn kubernetes_number(text: &str) -> Option<Real> {
    if !text.starts_with(['+', '-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
        return None;
    }
    if text.starts_with('.') {
        return decimal_float(text).map(Real::Float);
    }
    let plain = text.replace('_', "");
    integer(&plain, true)
        .map(Real::Integer)
        .or_else(|| decimal_float(&plain).map(Real::Float))
}

fn core_number(text: &str) -> Option<Real> {
    let digits = text.trim_start_matches(['+', '-']);
    if text.len() - digits.len() > 1 {
        return None;
    }
    let signed_radix = digits.starts_with("0x") || digits.starts_with("0o");
    if signed_radix && digits.len() != text.len() || digits.starts_with("0b") {
        return None;
    }
    integer(text, false)
        .map(Real::Integer)
        .or_else(|| decimal_float(text).map(Real::Float))
}

/// An integer with an optional sign and radix prefix; with `legacy`, a leading `0` means octal.
fn integer(text: &str, legacy: bool) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else if legacy && lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    if negative {
        i64::from_str_radix(&format!("-{digits}"), radix).ok().map(Number::from)
    } else {
        u64::from_str_radix(digits, radix).ok().map(Number::from)
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn decimal_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    if exponent.is_some_and(|exponent| exponent.is_empty() || !digits(exponent)) {
        return None;
    }
    // Beyond the range of a float, Go's reader takes the text as a text.
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    /// The first column was checked with helm 4.1.4 and kubectl 1.32; the second is the YAML 1.2 core schema.
    #[rstest]
    #[case("no", json!(false), json!("no"))]
    #[case("on", json!(true), json!("on"))]
    #[case("y", json!(true), json!("y"))]
    #[case("TRUE", json!(true), json!(true))]
    #[case("tRUE", json!("tRUE"), json!("tRUE"))]
    #[case("~", json!(null), json!(null))]
    #[case("", json!(null), json!(null))]
    #[case("0755", json!(493), json!(755))]
    #[case("0o755", json!(493), json!(493))]
    #[case("0x1F", json!(31), json!(31))]
    #[case("0b101", json!(5), json!("0b101"))]
    #[case("1_000", json!(1000), json!("1_000"))]
    #[case("1e3", json!(1000), json!(1000.0))]
    #[case("1.0", json!(1), json!(1.0))]
    #[case("0.1", json!(0.1), json!(0.1))]
    #[case(".5", json!(0.5), json!(0.5))]
    #[case("08", json!(8), json!(8))]
    #[case("-12", json!(-12), json!(-12))]
    #[case("18446744073709551615", json!(u64::MAX), json!(u64::MAX))]
    #[case("12:30:45", json!("12:30:45"), json!("12:30:45"))]
    #[case("2024-01-01", json!("2024-01-01"), json!("2024-01-01"))]
    #[case("1.2.3", json!("1.2.3"), json!("1.2.3"))]
    #[case("1e", json!("1e"), json!("1e"))]
    #[case("-", json!("-"), json!("-"))]
    #[case("1e999", json!("1e999"), json!("1e999"))]
    #[case("0b2", json!("0b2"), json!("0b2"))]
    #[case("-0755", json!(-493), json!(-755))]
    fn plain_scalars(#[case] text: &str, #[case] kubernetes: Value, #[case] core: Value) {
        assert_eq!(Rules::Kubernetes.resolve(text), Some(kubernetes));
        assert_eq!(Rules::Core.resolve(text), Some(core));
    }

    #[rstest]
    #[case(".inf")]
    #[case("-.Inf")]
    #[case(".nan")]
    fn no_json_form(#[case] text: &str) {
        assert_eq!(Rules::Kubernetes.resolve(text), None);
    }
}
