//! The axis of the world's time, with labels at round times.

use super::markup::percent;
use crate::report::scenario::Scenario;

/// Labels that fit, besides the one at 0.
const LABELS: u64 = 4;

/// Milliseconds between labels: what people count in.
const STEPS: [u64; 24] = [
    1,
    5,
    20,
    100,
    500,
    1000,
    2000,
    5000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    604_800_000,
];

/// From 0 to the end.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    span: u64,
    step: u64,
}

impl Axis {
    /// To when the scenario ended, or its last step began.
    pub(super) fn of(scenario: &Scenario) -> Self {
        let steps = scenario.steps.values();
        let last = steps.map(|step| step.at + step.end.as_ref().map_or(0, |end| end.virtual_millis));
        Self::to(last.chain([scenario.virtual_millis()]).max().unwrap_or_default())
    }

    fn to(span: u64) -> Self {
        let fits = |step: &u64| span / step <= LABELS;
        Self {
            span,
            step: STEPS.into_iter().find(fits).unwrap_or(span / LABELS),
        }
    }

    /// Milliseconds from 0 to the end.
    pub(super) fn span(self) -> u64 {
        self.span
    }

    /// A time as a style's length.
    pub(super) fn at(self, millis: u64) -> String {
        percent(millis, self.span)
    }

    /// The distance of two labels as a style's length.
    pub(super) fn grid(self) -> String {
        self.at(self.step)
    }

    /// The times with a label.
    fn times(self) -> impl Iterator<Item = u64> {
        (0..=self.span / self.step).map(move |number| number * self.step)
    }

    /// The labels, in their places.
    pub(super) fn labels(self) -> String {
        let label = |at| format!("<i style=\"left:{}\">{}</i>", self.at(at), round(at));
        self.times().map(label).collect()
    }
}

/// A round time: `15 min`, not `15m00s`.
fn round(millis: u64) -> String {
    let units = [(3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms")];
    let unit = units.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit));
    unit.map_or("0".to_owned(), |(unit, name)| format!("{} {name}", millis / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_round_and_fit() {
        let cases: [(u64, &[&str]); 6] = [
            (0, &["0"]),
            (3, &["0", "1 ms", "2 ms", "3 ms"]),
            (61_000, &["0", "15 s", "30 s", "45 s", "1 min"]),
            (645_000, &["0", "5 min", "10 min"]),
            (945_000, &["0", "5 min", "10 min", "15 min"]),
            (3_990_000, &["0", "15 min", "30 min", "45 min", "1 h"]),
        ];
        for (span, labels) in cases {
            let found: Vec<String> = Axis::to(span).times().map(round).collect();
            assert_eq!(found, labels, "{span}");
        }
    }
}
