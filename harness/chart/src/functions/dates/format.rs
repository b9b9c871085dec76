//! Go's `Time.Format`.

use jiff::Zoned;

use super::layout::{Part, next};

/// The time in a layout.
pub(super) fn text(at: &Zoned, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some((before, part, _, after)) = next(rest) {
        out.push_str(before);
        out.push_str(&written(at, part));
        rest = after;
    }
    out + rest
}

fn written(at: &Zoned, part: Part) -> String {
    let (hour, twelve) = (at.hour(), (at.hour() + 11) % 12 + 1);
    match part {
        Part::LongMonth => at.strftime("%B").to_string(),
        Part::Month => at.strftime("%b").to_string(),
        Part::NumMonth => at.month().to_string(),
        Part::ZeroMonth => format!("{:02}", at.month()),
        Part::LongWeekday => at.strftime("%A").to_string(),
        Part::Weekday => at.strftime("%a").to_string(),
        Part::Day => at.day().to_string(),
        Part::UnderDay => format!("{:2}", at.day()),
        Part::ZeroDay => format!("{:02}", at.day()),
        Part::UnderYearDay => format!("{:3}", at.day_of_year()),
        Part::ZeroYearDay => format!("{:03}", at.day_of_year()),
        Part::Hour => format!("{hour:02}"),
        Part::Hour12 => twelve.to_string(),
        Part::ZeroHour12 => format!("{twelve:02}"),
        Part::Minute => at.minute().to_string(),
        Part::ZeroMinute => format!("{:02}", at.minute()),
        Part::Second => at.second().to_string(),
        Part::ZeroSecond => format!("{:02}", at.second()),
        Part::LongYear => format!("{:04}", at.year()),
        Part::Year => format!("{:02}", at.year().rem_euclid(100)),
        Part::Noon { upper: true } => if hour < 12 { "AM" } else { "PM" }.into(),
        Part::Noon { upper: false } => if hour < 12 { "am" } else { "pm" }.into(),
        // An offset without a name shows itself.
        Part::Zone if at.time_zone().iana_name().is_none() && !at.offset().is_zero() => offset(at.offset().seconds(), false, true, false),
        Part::Zone => at.time_zone().to_offset_info(at.timestamp()).abbreviation().to_owned(),
        Part::Offset { z: true, .. } if at.offset().is_zero() => "Z".into(),
        Part::Offset {
            colon, minutes, seconds, ..
        } => offset(at.offset().seconds(), colon, minutes, seconds),
        Part::Fraction { digits, trimmed, mark } => fraction(at.subsec_nanosecond(), digits, trimmed, mark),
    }
}

fn offset(total: i32, colon: bool, minutes: bool, seconds: bool) -> String {
    let sign = if total < 0 { '-' } else { '+' };
    let total = total.unsigned_abs();
    let mark = if colon { ":" } else { "" };
    let mut out = format!("{sign}{:02}", total / 3600);
    for (wanted, value) in [(minutes, total / 60 % 60), (seconds, total % 60)] {
        if wanted {
            out.push_str(&format!("{mark}{value:02}"));
        }
    }
    out
}

fn fraction(nanos: i32, digits: usize, trimmed: bool, mark: char) -> String {
    let all = format!("{nanos:09}");
    let kept = &all[..digits.min(all.len())];
    let kept = if trimmed { kept.trim_end_matches('0') } else { kept };
    match (kept, trimmed) {
        ("", true) => String::new(),
        // Go writes nines places at most.
        (kept, _) => format!("{mark}{kept}"),
    }
}
