//! When a CronJob's next job is due.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use crate::controllers::fields::Fields;
use crate::cron::Schedule;
use crate::object::Object;

/// More missed times than this are worth a warning.
pub(super) const MANY: usize = 100;

/// A CronJob's schedule in its zone.
pub(super) struct Plan {
    schedule: Schedule,
    zone: TimeZone,
    /// How late a job may start.
    deadline: Option<SignedDuration>,
}

/// What is due.
pub(super) struct Due {
    /// The last time up to now that has not been served.
    pub(super) scheduled: Option<Zoned>,
    /// How many times have passed since the last one that was.
    pub(super) missed: usize,
}

impl Plan {
    /// # Errors
    /// Reason and message of an event.
    pub(super) fn of(cron_job: &Object) -> Result<Self, (&'static str, String)> {
        let text = cron_job.str_at("/spec/schedule");
        let schedule = Schedule::parse(text).map_err(|error| ("UnparseableSchedule", format!("unparseable schedule: {text}: {error}")))?;
        let zone = match cron_job.str_at("/spec/timeZone") {
            "" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|error| ("UnknownTimeZone", format!("invalid timeZone: {name:?}: {error}")))?,
        };
        let deadline = cron_job.number_at("/spec/startingDeadlineSeconds");
        Ok(Self {
            schedule,
            zone,
            deadline: deadline.map(SignedDuration::from_secs),
        })
    }

    /// The time that is due now.
    pub(super) fn due(&self, cron_job: &Object, now: Timestamp) -> Due {
        let created = cron_job.time_at("/metadata/creationTimestamp");
        let mut earliest = cron_job.time_at("/status/lastScheduleTime").or(created).unwrap_or(now);
        if let Some(limit) = self.deadline.and_then(|deadline| now.checked_sub(deadline).ok()) {
            earliest = earliest.max(limit);
        }
        let (mut scheduled, mut missed) = (None, 0);
        let mut time = earliest.to_zoned(self.zone.clone());
        // Each step is a time of the schedule, so that even years of minutes are few enough to count; a limit keeps it bounded.
        while let Some(next) = self.schedule.next(&time).filter(|next| next.timestamp() <= now) {
            missed += 1;
            if missed > 100 * MANY {
                time = (now - SignedDuration::from_mins(1)).to_zoned(self.zone.clone()).max(next);
                continue;
            }
            scheduled = Some(next.clone());
            time = next;
        }
        Due { scheduled, missed }
    }

    /// Whether a time has passed by more than the deadline.
    pub(super) fn is_too_late(&self, scheduled: &Zoned, now: Timestamp) -> bool {
        self.deadline
            .is_some_and(|deadline| now.duration_since(scheduled.timestamp()) > deadline)
    }

    /// How long until the next time.
    pub(super) fn until_next(&self, now: Timestamp) -> Option<Duration> {
        let next = self.schedule.next(&now.to_zoned(self.zone.clone()))?;
        Duration::try_from(next.timestamp().duration_since(now)).ok()
    }
}
