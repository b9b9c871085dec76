//! Times as people read them: how long ago.

use jiff::Timestamp;

use crate::value::Value;

/// A time span in the one or two largest units that matter, as kubectl's users know it: `90s`, `3m20s`, `5h`, `2d3h`, `1y20d`.
pub(super) fn span(seconds: i64) -> String {
    let minutes = seconds / 60;
    let hours = minutes / 60;
    let (days, years) = (hours / 24, hours / 24 / 365);
    let two = |large: i64, unit: &str, small: i64, smaller: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit}{small}{smaller}"),
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(years, "y", days % 365, "d"),
        _ => format!("{years}y"),
    }
}

/// How long ago a time was, in whole seconds.
pub(super) fn since(time: Timestamp, now: Timestamp) -> String {
    span(now.as_second() - time.as_second())
}

/// How long ago a time of an object was; `<unknown>` without one.
pub(super) fn of(time: &Value, now: Timestamp) -> String {
    let time = time.as_str().and_then(|time| time.parse().ok());
    time.map_or_else(|| "<unknown>".to_owned(), |time| since(time, now))
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn the_larger_the_span_the_coarser() {
        let cases = [
            (-5, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (200, "3m20s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (3 * 3600 + 60, "3h1m"),
            (8 * 3600 + 60, "8h"),
            (47 * 3600, "47h"),
            (51 * 3600, "2d3h"),
            (8 * 86_400 + 3600, "8d"),
            (729 * 86_400, "729d"),
            (750 * 86_400, "2y20d"),
            (9 * 365 * 86_400, "9y"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(span(seconds), expected, "{seconds} s");
        }
    }
}
