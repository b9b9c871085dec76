//! How a scenario ended, in a form that two runs can be compared by.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::scenario::{Scenario, scenarios};
use super::step::Step;
use crate::journal::{Outcome, PlacementVerdict, Record};

/// How a scenario ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ending {
    /// How.
    pub outcome: Outcome,
    /// The step that failed, if one is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailedStep>,
    /// Where executions were seen, by name: the clusters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seen: BTreeMap<String, Vec<String>>,
}

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedStep {
    /// Its number in the scenario, from 1.
    pub step: usize,
    /// What it does.
    pub title: String,
    /// Stable code of the failure.
    pub code: String,
    /// What failed.
    pub message: String,
    /// For a placement: where executions were seen that should not be there, and by which label and pool they got there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub misplaced: BTreeSet<String>,
}

/// How each scenario of a journal ended, in the order they began.
pub fn endings(records: &[Record]) -> BTreeMap<String, Ending> {
    let all = scenarios(records);
    all.iter()
        .map(|(name, scenario)| ((*name).to_owned(), Ending::of(scenario)))
        .collect()
}

impl Ending {
    fn of(scenario: &Scenario) -> Self {
        let failed = scenario.steps.iter().find(|(_, step)| step.is_failed());
        let verdicts = scenario.steps.values().flat_map(|step| &step.verdicts);
        Self {
            // That it was borne is no part of how it ended: it can be shown again after the quarantine, too.
            outcome: match scenario.outcome() {
                Outcome::Quarantined => Outcome::Failed,
                outcome => outcome,
            },
            failure: failed.and_then(|(index, step)| FailedStep::of(*index, step)),
            seen: verdicts
                .map(|verdict| (verdict.execution.clone(), verdict.seen.keys().cloned().collect()))
                .collect(),
        }
    }

    /// Whether both failed for the same reason, as far as one can tell from outside: the same kind of step, the same code, and the same clusters,
    /// labels and pools where it is about placement. Names of single executions do not count, nor spans of time, nor where the step stands.
    pub fn fails_like(&self, other: &Self) -> bool {
        let (Some(mine), Some(theirs)) = (&self.failure, &other.failure) else {
            return self.outcome == other.outcome && self.failure.is_none() && other.failure.is_none();
        };
        let same = self.outcome == other.outcome && mine.code == theirs.code && mine.verb() == theirs.verb();
        same && match mine.misplaced.is_empty() && theirs.misplaced.is_empty() {
            true => mine.gist() == theirs.gist(),
            false => mine.misplaced == theirs.misplaced,
        }
    }
}

impl FailedStep {
    fn of(index: usize, step: &Step) -> Option<Self> {
        let end = step.end.as_ref()?;
        Some(Self {
            step: index + 1,
            title: step.title.clone(),
            code: end.code.clone().unwrap_or_default(),
            message: end.message.clone().unwrap_or_default(),
            misplaced: step.verdicts.iter().filter(|verdict| verdict.is_wrong()).map(misplaced).collect(),
        })
    }

    fn verb(&self) -> &str {
        self.title.split(' ').next().unwrap_or_default()
    }

    /// The message's first line without what differs from run to run: spans of time, and generated names.
    fn gist(&self) -> Vec<&str> {
        let line = self.message.lines().next().unwrap_or_default();
        line.split_whitespace()
            .filter(|word| !is_span(word) && !is_generated(word))
            .collect()
    }
}

/// `10m00s`, `1.25`, but not `8`: how many there are is what failed.
fn is_span(word: &str) -> bool {
    let word = word.trim_end_matches([':', ',', ';']);
    word.starts_with(|char: char| char.is_ascii_digit()) && word.contains(|char: char| !char.is_ascii_digit())
}

/// A name with parts joined by `-` of which one has digits among letters, as `flyteadmin-677cdc77d9-6j8hh`.
fn is_generated(word: &str) -> bool {
    word.contains('-')
        && word.split('-').any(|part| {
            let digits = part.chars().filter(char::is_ascii_digit).count();
            part.len() >= 5 && digits > 0 && digits < part.len()
        })
}

fn misplaced(verdict: &PlacementVerdict) -> String {
    let join = |names: &[String]| names.join(" and ");
    let seen: Vec<String> = verdict.seen.keys().cloned().collect();
    let seen = if seen.is_empty() { "nowhere".to_owned() } else { join(&seen) };
    let why = verdict.prediction.as_ref().map_or_else(String::new, |prediction| {
        let label = prediction.label.as_deref().unwrap_or("none");
        format!("; label {label} ({}), {}", prediction.label_source, prediction.pool_source)
    });
    let expected = if verdict.nowhere {
        "nowhere".to_owned()
    } else {
        join(&verdict.expected)
    };
    format!("on {seen}, not {expected}{why}")
}
