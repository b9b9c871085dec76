//! Numbers as Go writes them: through JSON, then as YAML.

use serde_json::Number;

use super::Style;

/// Integers plainly; integral floats as integers while they fit 64 bits, unless pretty; other floats in the shortest form, with an exponent
/// below 10^-4 and from 10^6 on.
pub(super) fn text(number: &Number, style: Style) -> String {
    let Some(value) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    // Go's JSON encoder writes the shortest digits and fills up with zeros, as `Display` does here.
    let plain = value.to_string();
    if style == Style::Plain && value == 0.0 {
        return "0".into();
    }
    if style == Style::Plain && (plain.parse::<u64>().is_ok() || plain.parse::<i64>().is_ok()) {
        return plain;
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return plain;
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
