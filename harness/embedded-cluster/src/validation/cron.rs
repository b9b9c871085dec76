//! Schedules and the zones they are in.

use crate::cron::Schedule;

/// What is wrong with a schedule.
pub(super) fn schedule(text: &str) -> Vec<String> {
    Schedule::parse(text).err().into_iter().collect()
}

/// What is wrong with the name of a time zone.
pub(super) fn time_zone(name: &str) -> Vec<String> {
    const EXPLICIT: &str = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
    if name.is_empty() {
        return vec!["timeZone must be nil or non-empty string".to_owned()];
    }
    if name.eq_ignore_ascii_case("local") {
        return vec![EXPLICIT.to_owned()];
    }
    match jiff::tz::TimeZone::get(name) {
        Ok(_) => vec![],
        Err(_) => vec![format!("unknown time zone {name}")],
    }
}
