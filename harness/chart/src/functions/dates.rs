//! Dates. The rendering's clock is UTC, as the hosts of real Helm runs in CI
//! are; other zones are refused.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Args, Function, function};
use crate::template::{Engine, Fault, Object, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("now", 0, 0, |engine, _| Ok(time(engine.now))),
    function("date", 2, 2, |engine, a| formatted(engine, a.str(0)?, a.get(1))),
    function("dateInZone", 3, 3, in_zone),
    function("date_in_zone", 3, 3, in_zone),
    function("htmlDate", 1, 1, |engine, a| formatted(engine, "2006-01-02", a.get(0))),
    function("htmlDateInZone", 2, 2, |engine, a| {
        utc(a.str(1)?)?;
        formatted(engine, "2006-01-02", a.get(0))
    }),
    function("unixEpoch", 1, 1, |engine, a| {
        Ok(Value::str(moment(engine, a.get(0)).as_second().to_string()))
    }),
    function("dateModify", 2, 2, modify),
    function("date_modify", 2, 2, modify),
    function("toDate", 2, 2, to_date),
    function("mustToDate", 2, 2, to_date),
    function("duration", 1, 1, |_, a| Ok(Value::str(duration_text(seconds(a.get(0)))))),
];

/// A Go `time.Time`.
#[derive(Debug)]
struct Time(Timestamp);

impl Object for Time {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn member(&self, name: &str, args: &[Value]) -> Option<Result<Value>> {
        let date = self.0.to_zoned(TimeZone::UTC).datetime();
        Some(Ok(match (name, args) {
            ("Unix", []) => Value::Int64(self.0.as_second()),
            ("Year", []) => Value::Int(i64::from(date.year())),
            ("Day", []) => Value::Int(i64::from(date.day())),
            ("Hour", []) => Value::Int(i64::from(date.hour())),
            ("Minute", []) => Value::Int(i64::from(date.minute())),
            ("Second", []) => Value::Int(i64::from(date.second())),
            ("Format", [Value::Str(layout)]) => Value::str(go_format(date, layout)),
            ("UTC", []) => time(self.0),
            _ => return None,
        }))
    }

    fn text(&self) -> String {
        go_format(self.0.to_zoned(TimeZone::UTC).datetime(), "2006-01-02 15:04:05 +0000 UTC")
    }

    fn plain(&self) -> Value {
        Value::str(go_format(self.0.to_zoned(TimeZone::UTC).datetime(), "2006-01-02T15:04:05Z"))
    }
}

fn time(at: Timestamp) -> Value {
    Value::Object(std::rc::Rc::new(Time(at)))
}

/// Numbers are seconds since 1970; anything else that is no time means now.
fn moment(engine: &Engine, value: &Value) -> Timestamp {
    match value {
        Value::Int(n) | Value::Int64(n) => Timestamp::from_second(*n).unwrap_or(engine.now),
        Value::Object(object) => match object.member("Unix", &[]) {
            Some(Ok(Value::Int64(n))) => Timestamp::from_second(n).unwrap_or(engine.now),
            _ => engine.now,
        },
        _ => engine.now,
    }
}

fn formatted(engine: &Engine, layout: &str, value: &Value) -> Result<Value> {
    Ok(Value::str(go_format(
        moment(engine, value).to_zoned(TimeZone::UTC).datetime(),
        layout,
    )))
}

fn utc(zone: &str) -> Result<()> {
    match zone {
        "UTC" | "" | "GMT" | "Local" | "Etc/UTC" => Ok(()),
        other => Err(Fault::unsupported(format!(
            "time zone {other:?} is not supported by the native renderer; use UTC"
        ))),
    }
}

fn in_zone(engine: &mut Engine, a: &Args<'_>) -> Result<Value> {
    utc(a.str(2)?)?;
    formatted(engine, a.str(0)?, a.get(1))
}

fn modify(engine: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let at = moment(engine, a.get(1));
    let Some(nanos) = go_duration(a.str(0)?) else {
        return Ok(time(at));
    };
    let moved = at.checked_add(jiff::SignedDuration::from_nanos(nanos));
    moved.map(time).map_err(|error| Fault::call(error.to_string()))
}

fn to_date(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (layout, text) = (a.str(0)?, a.str(1)?);
    let parsed = match layout {
        "2006-01-02" => text
            .parse::<jiff::civil::Date>()
            .map(|d| d.to_datetime(jiff::civil::Time::midnight())),
        "2006-01-02T15:04:05" | "2006-01-02 15:04:05" => text.parse::<DateTime>(),
        "2006-01-02T15:04:05Z07:00" => {
            return text.parse::<Timestamp>().map(time).map_err(|error| Fault::call(error.to_string()));
        }
        other => return Err(Fault::unsupported(format!("toDate with the layout {other:?} is not supported"))),
    };
    let zoned = parsed.and_then(|date| date.to_zoned(TimeZone::UTC));
    zoned.map(|z| time(z.timestamp())).map_err(|error| Fault::call(error.to_string()))
}

/// Go's reference date, part by part; longer names first.
const LAYOUT: [(&str, &str); 24] = [
    ("January", "%B"),
    ("Jan", "%b"),
    ("Monday", "%A"),
    ("Mon", "%a"),
    ("MST", "UTC"),
    ("2006", "%Y"),
    ("Z07:00", "Z"),
    ("-07:00", "+00:00"),
    ("-0700", "+0000"),
    ("01", "%m"),
    ("02", "%d"),
    ("03", "%I"),
    ("04", "%M"),
    ("05", "%S"),
    ("06", "%y"),
    ("002", "%j"),
    ("15", "%H"),
    ("PM", "%p"),
    ("pm", "%P"),
    ("_2", "%e"),
    ("1", "%-m"),
    ("2", "%-d"),
    ("3", "%-I"),
    ("4", "%-M"),
];

fn go_format(date: DateTime, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    'next: while let Some(c) = rest.chars().next() {
        for (pattern, directive) in LAYOUT {
            if let Some(after) = rest.strip_prefix(pattern) {
                if directive.starts_with('%') {
                    out.push_str(&date.strftime(directive).to_string());
                } else {
                    out.push_str(directive);
                }
                rest = after;
                continue 'next;
            }
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// Go's `time.ParseDuration`, in nanoseconds.
fn go_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let unit = match &tail[..unit_end] {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 6e10,
            "h" => 3.6e12,
            _ => return None,
        };
        total += number * unit;
        rest = &tail[unit_end..];
    }
    Some(if negative { -total as i64 } else { total as i64 })
}

/// Sprig's `duration` knows text and `int64`; an `int` counts as 0.
fn seconds(value: &Value) -> i64 {
    match value {
        Value::Str(text) => text.parse().unwrap_or(0),
        Value::Int64(n) => *n,
        _ => 0,
    }
}

fn duration_text(seconds: i64) -> String {
    let (sign, n) = if seconds < 0 { ("-", -seconds) } else { ("", seconds) };
    let (hours, minutes, seconds) = (n / 3600, n / 60 % 60, n % 60);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}s"),
        (0, _) => format!("{sign}{minutes}m{seconds}s"),
        _ => format!("{sign}{hours}h{minutes}m{seconds}s"),
    }
}
