//! Go's layouts: the reference time `Mon Jan 2 15:04:05 MST 2006`, whose parts stand for those of any time.

/// A part of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    /// `PM` or `pm`.
    Noon {
        upper: bool,
    },
    /// `MST`.
    Zone,
    /// `-0700` and its kin; `z`: UTC is a `Z`.
    Offset {
        z: bool,
        colon: bool,
        minutes: bool,
        seconds: bool,
    },
    /// `.000` or `,999`: so many digits, trailing zeros kept or not.
    Fraction {
        digits: usize,
        trimmed: bool,
        mark: char,
    },
}

/// Parts by their text; where one begins another, the longer one comes first.
const PARTS: [(&str, Part); 23] = [
    ("January", Part::LongMonth),
    ("Monday", Part::LongWeekday),
    ("MST", Part::Zone),
    ("002", Part::ZeroYearDay),
    ("01", Part::ZeroMonth),
    ("02", Part::ZeroDay),
    ("03", Part::ZeroHour12),
    ("04", Part::ZeroMinute),
    ("05", Part::ZeroSecond),
    ("06", Part::Year),
    ("15", Part::Hour),
    ("1", Part::NumMonth),
    ("2006", Part::LongYear),
    ("2", Part::Day),
    ("__2", Part::UnderYearDay),
    ("_2", Part::UnderDay),
    ("3", Part::Hour12),
    ("4", Part::Minute),
    ("5", Part::Second),
    ("PM", Part::Noon { upper: true }),
    ("pm", Part::Noon { upper: false }),
    // Only where no small letter follows.
    ("Jan", Part::Month),
    ("Mon", Part::Weekday),
];

/// Offsets behind `-` or `Z`, longer ones first: text, colons, minutes, seconds.
const OFFSETS: [(&str, bool, bool, bool); 5] = [
    ("070000", false, true, true),
    ("07:00:00", true, true, true),
    ("0700", false, true, false),
    ("07:00", true, true, false),
    ("07", false, false, false),
];

/// The first part of a layout: the text before it, the part and its text, and what follows.
pub(super) fn next(layout: &str) -> Option<(&str, Part, &str, &str)> {
    layout.char_indices().find_map(|(at, _)| {
        let rest = &layout[at..];
        // `_2006` is a blank mark and a year.
        if let Some(behind) = rest.strip_prefix("_2006") {
            return Some((&layout[..=at], Part::LongYear, "2006", behind));
        }
        let (part, length) = part(rest)?;
        Some((&layout[..at], part, &rest[..length], &rest[length..]))
    })
}

fn part(rest: &str) -> Option<(Part, usize)> {
    if let Some(behind) = rest.strip_prefix(['-', 'Z']) {
        return OFFSETS
            .iter()
            .find(|(text, ..)| behind.starts_with(text))
            .map(|&(text, colon, minutes, seconds)| {
                let z = rest.starts_with('Z');
                (
                    Part::Offset {
                        z,
                        colon,
                        minutes,
                        seconds,
                    },
                    text.len() + 1,
                )
            });
    }
    if let Some(mark @ ('.' | ',')) = rest.chars().next() {
        return fraction(&rest[1..]).map(|(digits, trimmed)| (Part::Fraction { digits, trimmed, mark }, digits + 1));
    }
    PARTS.iter().filter(|(text, _)| rest.starts_with(text)).find_map(|(text, part)| {
        let word = matches!(part, Part::Month | Part::Weekday);
        let goes_on = rest[text.len()..].starts_with(|c: char| c.is_ascii_lowercase());
        (!word || !goes_on).then_some((*part, text.len()))
    })
}

/// Zeros or nines that no other digit follows.
fn fraction(rest: &str) -> Option<(usize, bool)> {
    let digit = rest.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let digits = rest.len() - rest.trim_start_matches(digit).len();
    let ends = !rest[digits..].starts_with(|c: char| c.is_ascii_digit());
    ends.then_some((digits, digit == '9'))
}
