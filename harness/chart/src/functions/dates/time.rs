//! A Go `time.Time` in a template.

use std::any::Any;
use std::rc::Rc;

use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, Zoned, civil};

use super::format;
use crate::functions::Args;
use crate::template::{Engine, Fault, Object, Result, Value};

#[derive(Debug)]
struct Time(Zoned);

/// What Go prints of a time: `2006-01-02 15:04:05 +0000 UTC`.
const STRING: &str = "2006-01-02 15:04:05.999999999 -0700 MST";
const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

pub(super) fn value(at: Zoned) -> Value {
    Value::Object(Rc::new(Time(at)))
}

/// Go's zero time, the beginning of the year 1.
pub(super) fn zero() -> Zoned {
    civil::date(1, 1, 1)
        .to_zoned(TimeZone::UTC)
        .unwrap_or_else(|_| Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC))
}

/// The time that a value is.
pub(super) fn of(value: &Value) -> Option<Zoned> {
    let Value::Object(object) = value else { return None };
    let any: &dyn Any = object.as_ref();
    any.downcast_ref::<Time>().map(|time| time.0.clone())
}

/// A parameter that must be a time.
pub(super) fn from_value(a: &Args<'_>, i: usize) -> Result<Zoned> {
    of(a.get(i)).ok_or_else(|| a.wrong(i, "time.Time"))
}

/// Numbers are seconds since 1970; anything else that is no time means now.
pub(super) fn moment(engine: &Engine, value: &Value) -> Timestamp {
    match value {
        Value::Int(n) | Value::Int64(n) => Timestamp::from_second(*n).unwrap_or(engine.now),
        other => of(other).map_or(engine.now, |date| date.timestamp()),
    }
}

/// A date of TOML; what it leaves out is Go's zero time.
pub(crate) fn from_toml(date: &toml::value::Datetime) -> Value {
    let day = date.date.map_or_else(
        || civil::Date::new(0, 1, 1),
        |day| civil::Date::new(day.year as i16, day.month as i8, day.day as i8),
    );
    let clock = date.time.map_or_else(
        || Ok(civil::Time::midnight()),
        |time| {
            let (second, nanosecond) = (time.second.unwrap_or(0), time.nanosecond.unwrap_or(0));
            civil::Time::new(time.hour as i8, time.minute as i8, second as i8, nanosecond as i32)
        },
    );
    let zone = match date.offset {
        Some(toml::value::Offset::Custom { minutes }) => Offset::from_seconds(i32::from(minutes) * 60).map(Offset::to_time_zone),
        _ => Ok(TimeZone::UTC),
    };
    let at = day.and_then(|day| day.to_datetime(clock?).to_zoned(zone?));
    at.map_or_else(|_| value(zero()), value)
}

impl Time {
    /// Go's `AddDate`: what exceeds a month spills into the next.
    fn moved(&self, args: &[Value]) -> Result<Value> {
        let args = Args::new("AddDate", args);
        let (years, months, days) = (args.int(0)?, args.int(1)?, args.int(2)?);
        let at = self.0.datetime();
        let month = (i64::from(at.year()).saturating_add(years))
            .saturating_mul(12)
            .saturating_add(i64::from(at.month()) - 1)
            .saturating_add(months);
        let year = i16::try_from(month.div_euclid(12)).map_err(|_| Fault::call("year out of range"))?;
        let first = civil::Date::new(year, (month.rem_euclid(12) + 1) as i8, 1).map(|day| day.to_datetime(at.time()));
        let span = Span::new().try_days(days.saturating_add(i64::from(at.day()) - 1));
        let moved = first.and_then(|first| first.checked_add(span?)?.to_zoned(self.0.time_zone().clone()));
        moved.map(value).map_err(|error| Fault::call(error.to_string()))
    }

    fn compared(&self, args: &[Value], test: fn(std::cmp::Ordering) -> bool) -> Result<Value> {
        let other = from_value(&Args::new("Time", args), 0)?;
        Ok(Value::Bool(test(self.0.timestamp().cmp(&other.timestamp()))))
    }
}

/// A month or a day of the week: a number that prints its name.
#[derive(Debug)]
struct Named {
    of: &'static str,
    number: i64,
    name: String,
}

impl Named {
    fn value(of: &'static str, number: i64, name: String) -> Value {
        Value::Object(Rc::new(Named { of, number, name }))
    }
}

impl Object for Named {
    fn type_name(&self) -> &'static str {
        self.of
    }

    fn kind(&self) -> &'static str {
        "int"
    }

    fn member(&self, name: &str, args: &[Value]) -> Option<Result<Value>> {
        matches!((name, args), ("String", [])).then(|| Ok(Value::str(&self.name)))
    }

    fn text(&self) -> String {
        self.name.clone()
    }

    fn plain(&self) -> Value {
        Value::Int(self.number)
    }
}

impl Object for Time {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn member(&self, name: &str, args: &[Value]) -> Option<Result<Value>> {
        let (at, stamp) = (&self.0, self.0.timestamp());
        let int = |n: i64| Ok(Value::Int(n));
        Some(match (name, args) {
            ("Unix", []) => Ok(Value::Int64(stamp.as_second())),
            ("UnixMilli", []) => Ok(Value::Int64(stamp.as_millisecond())),
            ("UnixMicro", []) => Ok(Value::Int64(stamp.as_microsecond())),
            ("UnixNano", []) => Ok(Value::Int64(stamp.as_nanosecond() as i64)),
            ("Year", []) => int(i64::from(at.year())),
            ("YearDay", []) => int(i64::from(at.day_of_year())),
            ("Month", []) => Ok(Named::value("time.Month", i64::from(at.month()), format::text(at, "January"))),
            ("Weekday", []) => {
                let number = i64::from(at.weekday().to_sunday_zero_offset());
                Ok(Named::value("time.Weekday", number, format::text(at, "Monday")))
            }
            ("Day", []) => int(i64::from(at.day())),
            ("Hour", []) => int(i64::from(at.hour())),
            ("Minute", []) => int(i64::from(at.minute())),
            ("Second", []) => int(i64::from(at.second())),
            ("Nanosecond", []) => int(i64::from(at.subsec_nanosecond())),
            ("String", []) => Ok(Value::str(self.text())),
            ("Format", [Value::Str(layout)]) => Ok(Value::str(format::text(at, layout))),
            ("UTC" | "Local", []) => Ok(value(stamp.to_zoned(TimeZone::UTC))),
            ("IsZero", []) => Ok(Value::Bool(stamp == zero().timestamp())),
            ("AddDate", [_, _, _]) => self.moved(args),
            ("Before", [_]) => self.compared(args, std::cmp::Ordering::is_lt),
            ("After", [_]) => self.compared(args, std::cmp::Ordering::is_gt),
            ("Equal", [_]) => self.compared(args, std::cmp::Ordering::is_eq),
            _ => return None,
        })
    }

    fn text(&self) -> String {
        format::text(&self.0, STRING)
    }

    fn plain(&self) -> Value {
        Value::str(format::text(&self.0, RFC3339_NANO))
    }
}
