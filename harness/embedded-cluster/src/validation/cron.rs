//! Schedules and the zones they are in.

use crate::cron::Schedule;

/// What is wrong with a schedule.
pub(super) fn schedule(text: &str) -> Vec<String> {
    Schedule::parse(text).err().into_iter().collect()
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
