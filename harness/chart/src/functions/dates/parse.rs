//! Go's `time.Parse`.

use jiff::tz::{Offset, TimeZone};
use jiff::{Zoned, civil};

use super::layout::{Part, next};
use crate::template::quoted;

/// What has been read so far.
#[derive(Default)]
struct Read {
    year: i64,
    month: i64,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i32,
    /// After (true) or before noon.
    afternoon: Option<bool>,
    offset: Option<i64>,
}

/// Why a part cannot be read.
enum Fault {
    /// The text is not of the part's form.
    Form,
    /// A number is out of its range.
    Range(&'static str),
}

type Parsed<T> = Result<T, Fault>;

/// Reads a time; one that names no zone is in UTC.
///
/// # Errors
/// Go's words.
pub(super) fn date(layout: &str, text: &str) -> Result<Zoned, String> {
    let cannot = |held: &str, part: &str| {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quoted(text),
            quoted(layout),
            quoted(held),
            quoted(part)
        )
    };
    let out_of_range = |what: &str| format!("parsing time {}: {what} out of range", quoted(text));
    let mut read = Read {
        month: 1,
        ..Read::default()
    };
    let (mut form, mut rest) = (layout, text);
    while let Some((before, part, name, after)) = next(form) {
        rest = skipped(rest, before).ok_or_else(|| cannot(rest, before))?;
        let fraction_follows = matches!(next(after), Some(("", Part::Fraction { .. }, ..)));
        rest = match read.part(part, rest, fraction_follows) {
            Ok(rest) => rest,
            Err(Fault::Form) => return Err(cannot(rest, name)),
            Err(Fault::Range(what)) => return Err(out_of_range(what)),
        };
        form = after;
    }
    rest = skipped(rest, form).ok_or_else(|| cannot(rest, form))?;
    if !rest.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quoted(text), quoted(rest)));
    }
    read.finish().map_err(out_of_range)
}

/// Takes literal text away; a run of blanks stands for any number of them.
fn skipped<'t>(mut rest: &'t str, mut literal: &str) -> Option<&'t str> {
    while let Some(first) = literal.chars().next() {
        if first == ' ' {
            if !rest.is_empty() && !rest.starts_with(' ') {
                return None;
            }
            literal = literal.trim_start_matches(' ');
            rest = rest.trim_start_matches(' ');
        } else {
            rest = rest.strip_prefix(first)?;
            literal = &literal[first.len_utf8()..];
        }
    }
    Some(rest)
}

/// A number of one or two digits; `fixed`: of two.
fn number(text: &str, fixed: bool) -> Parsed<(i64, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if digits == 0 || (fixed && digits == 1) {
        return Err(Fault::Form);
    }
    exactly(text, digits)
}

/// A number of so many digits.
fn exactly(text: &str, digits: usize) -> Parsed<(i64, &str)> {
    let head = text.get(..digits).filter(|head| head.bytes().all(|b| b.is_ascii_digit()));
    let value = head.and_then(|head| head.parse().ok()).ok_or(Fault::Form)?;
    Ok((value, &text[digits..]))
}

/// A number within a range.
fn within<'t>(found: (i64, &'t str), least: i64, most: i64, what: &'static str) -> Parsed<(i64, &'t str)> {
    if (least..=most).contains(&found.0) {
        Ok(found)
    } else {
        Err(Fault::Range(what))
    }
}

/// Which of the names the text begins with, in any case.
fn named<'t>(text: &'t str, names: &[&str], letters: usize) -> Parsed<(i64, &'t str)> {
    let cut = |name: &str| name.len().min(letters);
    let found = names.iter().position(|name| {
        text.get(..cut(name))
            .is_some_and(|head| head.eq_ignore_ascii_case(&name[..cut(name)]))
    });
    let at = found.ok_or(Fault::Form)?;
    Ok((at as i64, &text[cut(names[at])..]))
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

impl Read {
    fn part<'t>(&mut self, part: Part, text: &'t str, fraction_follows: bool) -> Parsed<&'t str> {
        let mut slot = 0;
        let blank = text.strip_prefix(' ').unwrap_or(text);
        let (target, (value, rest)) = match part {
            Part::Year => {
                let (year, rest) = exactly(text, 2)?;
                (&mut self.year, (if year >= 69 { year + 1900 } else { year + 2000 }, rest))
            }
            Part::LongYear => (&mut self.year, exactly(text, 4)?),
            Part::Month => (&mut self.month, named(text, &MONTHS, 3).map(|(at, rest)| (at + 1, rest))?),
            Part::LongMonth => (&mut self.month, named(text, &MONTHS, usize::MAX).map(|(at, rest)| (at + 1, rest))?),
            Part::NumMonth => (&mut self.month, within(number(text, false)?, 1, 12, "month")?),
            Part::ZeroMonth => (&mut self.month, within(number(text, true)?, 1, 12, "month")?),
            Part::Weekday => (&mut slot, named(text, &WEEKDAYS, 3)?),
            Part::LongWeekday => (&mut slot, named(text, &WEEKDAYS, usize::MAX)?),
            Part::Day => (self.day.insert(0), number(text, false)?),
            Part::UnderDay => (self.day.insert(0), number(blank, false)?),
            Part::ZeroDay => (self.day.insert(0), number(text, true)?),
            Part::UnderYearDay => {
                let text = text.trim_start_matches(' ');
                let digits = text.bytes().take(3).take_while(u8::is_ascii_digit).count().max(1);
                (self.year_day.insert(0), exactly(text, digits)?)
            }
            Part::ZeroYearDay => (self.year_day.insert(0), exactly(text, 3)?),
            Part::Hour => (&mut self.hour, within(number(text, false)?, 0, 23, "hour")?),
            Part::Hour12 => (&mut self.hour, within(number(text, false)?, 0, 12, "hour")?),
            Part::ZeroHour12 => (&mut self.hour, within(number(text, true)?, 0, 12, "hour")?),
            Part::Minute => (&mut self.minute, within(number(text, false)?, 0, 59, "minute")?),
            Part::ZeroMinute => (&mut self.minute, within(number(text, true)?, 0, 59, "minute")?),
            Part::Second | Part::ZeroSecond => {
                let (second, rest) = within(number(text, part == Part::ZeroSecond)?, 0, 59, "second")?;
                self.second = second;
                // A fraction may follow that the layout does not name.
                return if fraction_follows {
                    Ok(rest)
                } else {
                    Ok(self.fraction(rest).unwrap_or(rest))
                };
            }
            Part::Noon { upper } => {
                let names = if upper { ["AM", "PM"] } else { ["am", "pm"] };
                let at = names.iter().position(|name| text.starts_with(name)).ok_or(Fault::Form)?;
                self.afternoon = Some(at == 1);
                return Ok(&text[2..]);
            }
            Part::Zone => return self.zone(text),
            Part::Offset { z: true, .. } if text.starts_with('Z') => (self.offset.insert(0), (0, &text[1..])),
            Part::Offset {
                colon, minutes, seconds, ..
            } => return self.numeric_offset(text, colon, minutes, seconds),
            Part::Fraction { trimmed: true, .. } => return Ok(self.fraction(text).unwrap_or(text)),
            Part::Fraction { digits, .. } => {
                let length = text.len() - self.fraction(text).ok_or(Fault::Form)?.len();
                return if length == digits + 1 {
                    Ok(&text[length..])
                } else {
                    Err(Fault::Form)
                };
            }
        };
        *target = value;
        Ok(rest)
    }

    /// A mark and digits.
    fn fraction<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let behind = text.strip_prefix(['.', ','])?;
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        let nine: String = behind[..digits].chars().chain(std::iter::repeat('0')).take(9).collect();
        self.nanos = nine.parse().ok()?;
        Some(&behind[digits..])
    }

    /// `UTC`, or another abbreviation, whose offset Go does not know unless it is `GMT+n`.
    fn zone<'t>(&mut self, text: &'t str) -> Parsed<&'t str> {
        let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
        self.offset = Some(0);
        match letters {
            _ if text.starts_with("UTC") => Ok(&text[3..]),
            3 | 4 => Ok(&text[letters..]),
            5 if text.as_bytes()[4] == b'T' => Ok(&text[5..]),
            _ => Err(Fault::Form),
        }
    }

    fn numeric_offset<'t>(&mut self, text: &'t str, colon: bool, minutes: bool, seconds: bool) -> Parsed<&'t str> {
        let (sign, mut rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ => return Err(Fault::Form),
        };
        let mut total = 0;
        for (wanted, unit) in [(true, 3600), (minutes, 60), (seconds, 1)] {
            if !wanted {
                continue;
            }
            if colon && unit != 3600 {
                rest = rest.strip_prefix(':').ok_or(Fault::Form)?;
            }
            let (value, behind) = exactly(rest, 2)?;
            within((value, behind), 0, if unit == 3600 { 24 } else { 60 }, "time zone offset")?;
            (total, rest) = (total + value * unit, behind);
        }
        self.offset = Some(sign * total);
        Ok(rest)
    }

    fn finish(self) -> Result<Zoned, &'static str> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let year = self.year as i16;
        let date = match self.year_day {
            Some(day) => {
                let first = civil::Date::new(year, 1, 1).map_err(|_| "year")?;
                let days = i64::from(first.days_in_year());
                if !(1..=days).contains(&day) {
                    return Err("day-of-year");
                }
                first.checked_add(jiff::Span::new().days(day - 1)).map_err(|_| "day-of-year")?
            }
            None => civil::Date::new(year, self.month as i8, self.day.unwrap_or(1) as i8).map_err(|_| "day")?,
        };
        let clock = civil::Time::new(hour as i8, self.minute as i8, self.second as i8, self.nanos).map_err(|_| "hour")?;
        let zone = match self.offset {
            None | Some(0) => TimeZone::UTC,
            Some(seconds) => Offset::from_seconds(seconds as i32).map_err(|_| "time zone offset")?.to_time_zone(),
        };
        date.to_datetime(clock).to_zoned(zone).map_err(|_| "year")
    }
}
