//! Go's `time.Duration`: nanoseconds, and how they are written.

/// Go's units, in nanoseconds.
fn unit(name: &str) -> Option<u128> {
    Some(match name {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// Reads `1h30m`, `-1.5s` or `0`.
///
/// # Errors
/// Go's words for what is no duration.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", crate::template::quoted(text));
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Ok(0);
    }
    if unsigned.is_empty() {
        return Err(invalid());
    }
    let mut rest = unsigned;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let numeric = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (whole, fraction) = rest[..numeric].split_once('.').unwrap_or((&rest[..numeric], ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return Err(invalid());
        }
        rest = &rest[numeric..];
        let name = &rest[..rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len())];
        if name.is_empty() {
            return Err(format!("time: missing unit in duration {}", crate::template::quoted(text)));
        }
        let quoted = crate::template::quoted;
        let unit = unit(name).ok_or_else(|| format!("time: unknown unit {} in duration {}", quoted(name), quoted(text)))?;
        rest = &rest[name.len()..];
        let number = |digits: &str| {
            if digits.is_empty() {
                Ok(0)
            } else {
                digits.parse::<u64>().map_err(|_| invalid())
            }
        };
        // No digit behind the eighteenth can matter.
        let fraction = &fraction[..fraction.len().min(18)];
        total += u128::from(number(whole)?) * unit;
        total += u128::from(number(fraction)?) * unit / 10u128.pow(fraction.len() as u32);
    }
    let nanos = i128::try_from(total).map_err(|_| invalid())?;
    i64::try_from(if text.starts_with('-') { -nanos } else { nanos }).map_err(|_| invalid())
}

/// `1h2m3.5s`: Go's `Duration.String`.
pub(super) fn text(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    if nanos < 1_000_000_000 {
        return match nanos {
            0 => "0s".into(),
            1..1_000 => format!("{sign}{nanos}ns"),
            1_000..1_000_000 => format!("{sign}{}µs", decimal(nanos, 1_000)),
            _ => format!("{sign}{}ms", decimal(nanos, 1_000_000)),
        };
    }
    let (minutes, rest) = (nanos / 60_000_000_000, nanos % 60_000_000_000);
    let seconds = decimal(rest, 1_000_000_000);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}

/// A quotient with as many decimals as it needs.
fn decimal(value: u64, unit: u64) -> String {
    let places = unit.ilog10() as usize;
    let text = format!("{}.{:0places$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
