//! Schedules of CronJobs: five fields, or a name such as `@daily`.
//!
//! A day matches by both its number and its weekday, or by either of them where both are restricted, as in cron.

use jiff::civil::{DateTime, Time};
use jiff::{SignedDuration, ToSpan, Zoned};

/// A field's bounds and the names of its values.
struct Field {
    low: u32,
    high: u32,
    names: &'static [&'static str],
}

const fn field(low: u32, high: u32, names: &'static [&'static str]) -> Field {
    Field { low, high, names }
}

const FIELDS: [Field; 5] = [
    field(0, 59, &[]),
    field(0, 23, &[]),
    field(1, 31, &[]),
    field(
        1,
        12,
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    ),
    field(0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// Names of schedules and what they stand for.
const NAMED: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// How many days ahead a time is looked for: leap days come at least every eight years.
const AHEAD: usize = 366 * 8;

/// When something is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// At these times of these days.
    Calendar(Calendar),
    /// Always this long after the last time.
    Every(SignedDuration),
}

/// The values that each field allows, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Calendar {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether the days, and the weekdays, are all allowed by a star.
    any: (bool, bool),
}

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// What is wrong with it, in Kubernetes' words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains("TZ") {
            return Err("cannot use TZ or CRON_TZ in schedule, use timeZone field instead".to_owned());
        }
        if let Some(every) = text.strip_prefix("@every ") {
            let every: SignedDuration = every.parse().map_err(|_| format!("failed to parse duration {text}"))?;
            return Ok(Self::Every(every.max(SignedDuration::from_secs(1))));
        }
        let text = match text.strip_prefix('@') {
            None => text,
            Some(_) => {
                let named = NAMED.iter().find(|(name, _)| *name == text);
                named
                    .map(|(_, stands_for)| *stands_for)
                    .ok_or_else(|| format!("unrecognized descriptor: {text}"))?
            }
        };
        let parts: Vec<&str> = text.split_whitespace().collect();
        if parts.len() != FIELDS.len() {
            let shown = parts.join(" ");
            return Err(format!("expected exactly 5 fields, found {}: [{shown}]", parts.len()));
        }
        let mut bits = [0; FIELDS.len()];
        let mut stars = [false; FIELDS.len()];
        for (at, (part, field)) in parts.iter().zip(&FIELDS).enumerate() {
            for range in part.split(',') {
                let (allowed, star) = field.range(range)?;
                bits[at] |= allowed;
                stars[at] |= star;
            }
        }
        let [minutes, hours, days, months, weekdays] = bits;
        Ok(Self::Calendar(Calendar {
            minutes,
            hours,
            days,
            months,
            weekdays,
            any: (stars[2], stars[4]),
        }))
    }

    /// The first time after `time`, in its zone; none if there is none within years.
    pub(crate) fn next(&self, time: &Zoned) -> Option<Zoned> {
        match self {
            Self::Every(every) => {
                let whole = SignedDuration::from_nanos(time.subsec_nanosecond().into());
                time.checked_add(*every - whole).ok()
            }
            Self::Calendar(calendar) => calendar.next(time),
        }
    }
}

impl Calendar {
    fn next(&self, time: &Zoned) -> Option<Zoned> {
        let start = time.datetime();
        let mut date = start.date();
        for _ in 0..AHEAD {
            if self.has_day(&date.at(0, 0, 0, 0)) {
                for (hour, minute) in self.times() {
                    let Ok(at) = Time::new(hour, minute, 0, 0) else { continue };
                    let at = date.to_datetime(at);
                    if at <= start {
                        continue;
                    }
                    // A time that the clocks skip does not come.
                    let zoned = at.to_zoned(time.time_zone().clone()).ok();
                    if let Some(zoned) = zoned.filter(|zoned| zoned.datetime() == at && *zoned > *time) {
                        return Some(zoned);
                    }
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    /// The times of a day, in order.
    fn times(&self) -> impl Iterator<Item = (i8, i8)> {
        let minutes = self.minutes;
        let hours = (0..24_i8).filter(|hour| has(self.hours, *hour));
        hours.flat_map(move |hour| {
            (0..60_i8)
                .filter(move |minute| has(minutes, *minute))
                .map(move |minute| (hour, minute))
        })
    }

    fn has_day(&self, day: &DateTime) -> bool {
        let by_number = has(self.days, day.day());
        let by_weekday = has(self.weekdays, day.weekday().to_sunday_zero_offset());
        let days = match self.any {
            (false, false) => by_number || by_weekday,
            _ => by_number && by_weekday,
        };
        days && has(self.months, day.month())
    }
}

fn has(bits: u64, value: i8) -> bool {
    bits >> value & 1 == 1
}

impl Field {
    /// The values of a range such as `1-5/2`, and whether it is a star.
    fn range(&self, range: &str) -> Result<(u64, bool), String> {
        let (span, step) = range.split_once('/').map_or((range, None), |(span, step)| (span, Some(step)));
        let step = match step {
            None => None,
            Some(step) if step.contains('/') => return Err(format!("too many slashes: {range}")),
            Some(step) => match number(step, &[], self.low)? {
                0 => return Err(format!("step of range should be a positive number: {range}")),
                step => Some(step),
            },
        };
        let star = span == "*" || span == "?";
        let (start, end) = if star {
            (self.low, self.high)
        } else {
            let (first, last) = span.split_once('-').unwrap_or((span, span));
            let (start, end) = (number(first, self.names, self.low)?, number(last, self.names, self.low)?);
            // `3/5` means from 3 on.
            (start, if step.is_some() && !span.contains('-') { self.high } else { end })
        };
        if start < self.low {
            return Err(format!("beginning of range ({start}) below minimum ({}): {range}", self.low));
        }
        if end > self.high {
            return Err(format!("end of range ({end}) above maximum ({}): {range}", self.high));
        }
        if start > end {
            return Err(format!("beginning of range ({start}) beyond end of range ({end}): {range}"));
        }
        let step = step.unwrap_or(1);
        let bits = (start..=end).step_by(step as usize).fold(0, |bits, value| bits | 1 << value);
        Ok((bits, star && step == 1))
    }
}

fn number(text: &str, names: &[&str], low: u32) -> Result<u32, String> {
    let name = text.to_lowercase();
    if let Some(index) = names.iter().position(|n| *n == name) {
        return Ok(u32::try_from(index).unwrap_or(0) + low);
    }
    text.parse()
        .map_err(|_| format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"))
}

#[cfg(test)]
mod tests {
    use jiff::Zoned;

    use super::Schedule;

    #[test]
    fn schedules_are_checked() {
        for good in ["* * * * *", "*/5 0-3 1,15 jan-mar sun", "@daily", "0 0 1 1 ?", "@every 90s"] {
            assert!(Schedule::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "bogus",
            "60 * * * *",
            "* * 0 * *",
            "*/0 * * * *",
            "5-1 * * * *",
            "@often",
            "1/2/3 * * * *",
        ] {
            assert!(Schedule::parse(bad).is_err(), "{bad}");
        }
    }

    #[rstest::rstest]
    #[case("* * * * *", "2026-11-29T10:00:00", "2026-11-29T10:01:00")]
    #[case("*/15 * * * *", "2026-11-29T10:46:30", "2026-11-29T11:00:00")]
    #[case("7/20 10 * * *", "2026-11-29T10:07:00", "2026-11-29T10:27:00")]
    #[case("@hourly", "2026-12-31T23:59:59", "2027-01-01T00:00:00")]
    #[case("0 0 29 2 *", "2026-11-29T00:00:00", "2028-02-29T00:00:00")]
    // Both kinds of day restricted: either will do. The 29th of November 2026 is a Sunday.
    #[case("0 9 1 * mon", "2026-11-29T00:00:00", "2026-11-30T09:00:00")]
    #[case("0 9 1 * *", "2026-11-29T00:00:00", "2026-12-01T09:00:00")]
    #[case("0 9 * * 0", "2026-11-29T09:00:00", "2026-12-06T09:00:00")]
    #[case("@every 90s", "2026-11-29T10:00:00.5", "2026-11-29T10:01:30")]
    fn next_times(#[case] schedule: &str, #[case] after: &str, #[case] expected: &str) {
        let at = |text: &str| -> Zoned { format!("{text}[UTC]").parse().unwrap() };
        assert_eq!(Schedule::parse(schedule).unwrap().next(&at(after)), Some(at(expected)));
    }

    #[test]
    fn some_schedules_are_never_due() {
        let now: Zoned = "2026-11-29T10:00:00[UTC]".parse().unwrap();
        assert_eq!(Schedule::parse("0 0 31 2 *").unwrap().next(&now), None);
    }
}
