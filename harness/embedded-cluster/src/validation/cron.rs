//! Schedules and the zones they are in.

/// Names and bounds of a schedule's fields.
const FIELDS: [(u32, u32, &[&str]); 5] = [
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (
        1,
        12,
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    ),
    (0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

const NAMED: &[&str] = &["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// What is wrong with a schedule.
pub(super) fn schedule(text: &str) -> Vec<String> {
    if text.contains("TZ") {
        return vec!["cannot use TZ or CRON_TZ in schedule, use timeZone field instead".to_owned()];
    }
    if text.starts_with('@') {
        let known = NAMED.contains(&text) || text.starts_with("@every ");
        return if known {
            vec![]
        } else {
            vec![format!("unrecognized descriptor: {text}")]
        };
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.len() != FIELDS.len() {
        let shown = parts.join(" ");
        return vec![format!("expected exactly 5 fields, found {}: [{shown}]", parts.len())];
    }
    let wrong = parts
        .iter()
        .zip(FIELDS)
        .find_map(|(part, (low, high, names))| part.split(',').find_map(|range| check_range(range, low, high, names).err()));
    wrong.into_iter().collect()
}

fn check_range(range: &str, low: u32, high: u32, names: &[&str]) -> Result<(), String> {
    let (span, step) = range.split_once('/').map_or((range, None), |(span, step)| (span, Some(step)));
    if let Some(step) = step {
        match number(step, &[], low)? {
            0 => return Err(format!("step of range should be a positive number: {range}")),
            _ if step.contains('/') => return Err(format!("too many slashes: {range}")),
            _ => {}
        }
    }
    if span == "*" || span == "?" {
        return Ok(());
    }
    let (first, last) = span.split_once('-').unwrap_or((span, span));
    let (start, end) = (number(first, names, low)?, number(last, names, low)?);
    if start < low {
        return Err(format!("beginning of range ({start}) below minimum ({low}): {range}"));
    }
    if end > high {
        return Err(format!("end of range ({end}) above maximum ({high}): {range}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {range}"));
    }
    Ok(())
}

fn number(text: &str, names: &[&str], low: u32) -> Result<u32, String> {
    let name = text.to_lowercase();
    if let Some(index) = names.iter().position(|n| *n == name) {
        return Ok(u32::try_from(index).unwrap_or(0) + low);
    }
    text.parse()
        .map_err(|_| format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"))
}

/// First parts of the names of time zones.
const AREAS: &[&str] = &[
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Brazil",
    "Canada",
    "Chile",
    "Etc",
    "Europe",
    "Indian",
    "Mexico",
    "Pacific",
    "US",
];

/// What is wrong with the name of a time zone. Zones without an area, and those of known areas, are believed.
pub(super) fn time_zone(name: &str) -> Vec<String> {
    const EXPLICIT: &str = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    if name.is_empty() {
        return vec!["timeZone must be nil or non-empty string".to_owned()];
    }
    if name.eq_ignore_ascii_case("local") {
        return vec![EXPLICIT.to_owned()];
    }
    match name.split_once('/') {
        Some((area, place)) if !AREAS.contains(&area) || place.is_empty() => vec![format!("unknown time zone {name}")],
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules() {
        for good in ["* * * * *", "*/5 0-3 1,15 jan-mar sun", "@daily", "0 0 1 1 ?"] {
            assert!(schedule(good).is_empty(), "{good}");
        }
        for bad in ["bogus", "60 * * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "@often"] {
            assert_eq!(schedule(bad).len(), 1, "{bad}");
        }
    }
}
