//! Numbers as Go writes them: through JSON, then as YAML.

use serde_json::Number;

/// Integers plainly; integral floats below 10^19 as integers; other floats in the shortest form, with an exponent below
/// 10^-4 and from 10^21 on.
pub(super) fn text(number: &Number) -> String {
    let Some(value) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    if let serde_json::Value::Number(integer) = crate::scalar::through_json(value)
        && !integer.is_f64()
    {
        return integer.to_string();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..21).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
