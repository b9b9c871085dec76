//! Dates. The rendering's own zone (Go's `Local`) is UTC, as that of most machines which run Helm for others.

mod duration;
mod format;
mod layout;
mod parse;
mod time;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Args, Function, function};
use crate::template::{Engine, Fault, Result, Value};

pub(super) use self::time::from_toml;
use self::time::{from_value, moment, value};

pub(super) const TABLE: &[Function] = &[
    function("now", 0, 0, |engine, _| Ok(value(engine.now.to_zoned(TimeZone::UTC)))),
    function("date", 2, 2, |engine, a| formatted(engine, a.str(0)?, a.get(1), "UTC")),
    function("dateInZone", 3, 3, |engine, a| formatted(engine, a.str(0)?, a.get(1), a.str(2)?)),
    function("date_in_zone", 3, 3, |engine, a| formatted(engine, a.str(0)?, a.get(1), a.str(2)?)),
    function("htmlDate", 1, 1, |engine, a| formatted(engine, HTML, a.get(0), "UTC")),
    function("htmlDateInZone", 2, 2, |engine, a| formatted(engine, HTML, a.get(0), a.str(1)?)),
    function("unixEpoch", 1, 1, |_, a| {
        Ok(Value::str(from_value(a, 0)?.timestamp().as_second().to_string()))
    }),
    function("dateModify", 2, 2, |_, a| match duration::parse(a.str(0)?) {
        Ok(_) => modified(a),
        Err(_) => from_value(a, 1).map(value),
    }),
    function("date_modify", 2, 2, |_, a| match duration::parse(a.str(0)?) {
        Ok(_) => modified(a),
        Err(_) => from_value(a, 1).map(value),
    }),
    function("mustDateModify", 2, 2, |_, a| modified(a)),
    function("must_date_modify", 2, 2, |_, a| modified(a)),
    function("toDate", 2, 2, |_, a| {
        Ok(value(parse::date(a.str(0)?, a.str(1)?).unwrap_or_else(|_| time::zero())))
    }),
    function("mustToDate", 2, 2, |_, a| {
        parse::date(a.str(0)?, a.str(1)?).map(value).map_err(Fault::call)
    }),
    function("duration", 1, 1, |_, a| {
        Ok(Value::str(duration::text(seconds(a.get(0)).wrapping_mul(SECOND))))
    }),
    function("ago", 1, 1, ago),
    function("durationRound", 1, 1, round),
];

const HTML: &str = "2006-01-02";
const SECOND: i64 = 1_000_000_000;

/// A zone by its name. One that Go would not find counts as UTC.
fn zone(name: &str) -> TimeZone {
    match TimeZone::get(name) {
        Ok(zone) if zone.iana_name() == Some(name) => zone,
        _ => TimeZone::UTC,
    }
}

fn formatted(engine: &Engine, layout: &str, date: &Value, name: &str) -> Result<Value> {
    Ok(Value::str(format::text(&moment(engine, date).to_zoned(zone(name)), layout)))
}

fn modified(a: &Args<'_>) -> Result<Value> {
    let (nanos, date) = (duration::parse(a.str(0)?).map_err(Fault::call)?, from_value(a, 1)?);
    let moved = date.checked_add(SignedDuration::from_nanos(nanos));
    moved.map(value).map_err(|error| Fault::call(error.to_string()))
}

/// Sprig's `duration` knows text and `int64`; an `int` counts as 0.
fn seconds(value: &Value) -> i64 {
    match value {
        Value::Str(text) => crate::functions::convert::parse_int(text),
        Value::Int64(n) => *n,
        _ => 0,
    }
}

/// Nanoseconds from a time to the rendering's now, as far as Go counts them.
fn since(engine: &Engine, at: Timestamp) -> i64 {
    let nanos = engine.now.duration_since(at).as_nanos();
    i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

fn ago(engine: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let nanos = since(engine, moment(engine, a.get(0)));
    let rounded = SignedDuration::from_nanos(nanos).as_secs_f64().round() as i64;
    Ok(Value::str(duration::text(rounded.saturating_mul(SECOND))))
}

/// The largest unit that fits more than once; the sign is dropped.
fn round(engine: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let nanos = match a.get(0) {
        Value::Str(text) => duration::parse(text).unwrap_or(0),
        Value::Int64(n) => *n,
        other => time::of(other).map_or(0, |date| since(engine, date.timestamp())),
    };
    const HOUR: u64 = 3_600_000_000_000;
    let units = [
        (24 * 365 * HOUR, "y"),
        (24 * 30 * HOUR, "mo"),
        (24 * HOUR, "d"),
        (HOUR, "h"),
        (HOUR / 60, "m"),
        (HOUR / 3600, "s"),
    ];
    let nanos = nanos.unsigned_abs();
    let fitting = units.iter().find(|(unit, _)| nanos > *unit);
    Ok(Value::str(
        fitting.map_or("0s".to_owned(), |(unit, name)| format!("{}{name}", nanos / unit)),
    ))
}
