//! Scenarios that are known to fail, and until when that is borne.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use scenario::Quarantine;
use simnet::Clock;

use crate::journal::{Emitter, Level, Outcome};

/// A scenario's quarantine, as it stands on the day of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose business it is, where it is told of, and until when.
    pub words: String,
    /// Its last day is over: the scenario fails the run as any other.
    pub over: bool,
}

impl Standing {
    /// As it stands today, in UTC by this machine's clock.
    pub(super) fn today(quarantine: &Quarantine) -> Self {
        Self::on(quarantine, Clock::real().now().to_zoned(TimeZone::UTC).date())
    }

    fn on(quarantine: &Quarantine, day: Date) -> Self {
        let Quarantine { owner, link, until } = quarantine;
        Self {
            words: format!("until {} ({}, {})", until.value, owner.value, link.value),
            over: day > until.value,
        }
    }

    /// What an outcome counts as. Tells what its owner has to do about it.
    pub(super) fn weigh(&self, outcome: Outcome, emitter: &Emitter) -> Outcome {
        let words = &self.words;
        let (counts, told) = match outcome {
            Outcome::Passed => (outcome, format!("passed, and is in quarantine {words}: take it out")),
            Outcome::Failed if self.over => (outcome, format!("its quarantine is over: it was {words}")),
            Outcome::Failed => (Outcome::Quarantined, format!("in quarantine {words}")),
            _ => return outcome,
        };
        emitter.note(Level::Warning, told);
        counts
    }
}

#[cfg(test)]
mod tests {
    use yaml::Spanned;

    use super::*;

    #[test]
    fn the_last_day_belongs_to_it() {
        let quarantine = Quarantine {
            owner: Spanned::made("me".to_owned()),
            link: Spanned::made("https://example.com/1".to_owned()),
            until: Spanned::made("2026-12-31".parse().unwrap()),
        };
        let over = |day: &str| Standing::on(&quarantine, day.parse().unwrap()).over;
        assert_eq!([over("2026-12-30"), over("2026-12-31"), over("2027-01-01")], [false, false, true]);
    }
}
