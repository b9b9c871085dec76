//! What became of each execution of a scenario.

use indexmap::IndexMap;

use super::markup::text;
use crate::journal::{PlacementVerdict, Prediction};
use crate::report::scenario::Scenario;
use crate::report::text::count;

/// An execution, with the last that is known of it.
#[derive(Default)]
pub(super) struct Execution<'a> {
    pub(super) name: &'a str,
    pub(super) submit: &'a str,
    prediction: Option<&'a Prediction>,
    /// The last look at it.
    verdict: Option<&'a PlacementVerdict>,
}

/// By submit step and name, in the order of their submission: two projects can have executions of one name.
pub(super) type Executions<'a> = IndexMap<(&'a str, &'a str), Execution<'a>>;

pub(super) fn executions(scenario: &Scenario) -> Executions<'_> {
    let mut all = Executions::new();
    for step in scenario.steps.values() {
        for submitted in &step.submitted {
            let execution = all.entry((&submitted.submit, &submitted.execution)).or_default();
            execution.name = &submitted.execution;
            execution.submit = &submitted.submit;
            execution.prediction = submitted.prediction.as_ref();
        }
        for verdict in &step.verdicts {
            let execution = all.entry((&verdict.submit, &verdict.execution)).or_default();
            execution.name = &verdict.execution;
            execution.submit = &verdict.submit;
            execution.prediction = verdict.prediction.as_ref().or(execution.prediction);
            execution.verdict = Some(verdict);
        }
    }
    all
}

impl Execution<'_> {
    /// Clusters in which objects of it were seen.
    pub(super) fn clusters(&self) -> impl Iterator<Item = &str> {
        self.verdict.iter().flat_map(|verdict| verdict.seen.keys().map(String::as_str))
    }

    /// Milliseconds from its submission until it was first seen in a cluster, if that is known.
    pub(super) fn seen_after(&self, cluster: &str) -> Option<u64> {
        self.verdict?.seen.get(cluster)?.after_millis
    }

    /// An expectation asked, and it was seen in no cluster.
    pub(super) fn is_nowhere(&self) -> bool {
        self.is_known() && self.clusters().next().is_none()
    }

    /// Whether an expectation asked where it is.
    pub(super) fn is_known(&self) -> bool {
        self.verdict.is_some()
    }

    /// Class of its verdict.
    pub(super) fn class(&self) -> &'static str {
        match self.verdict {
            Some(verdict) if verdict.passed => "ok",
            Some(verdict) if verdict.is_wrong() => "bad",
            _ => "odd",
        }
    }

    /// The phase, as the admin API names it.
    pub(super) fn phase(&self) -> &str {
        match self.verdict {
            Some(verdict) => verdict.admin.as_ref().map_or("unknown to admin", |admin| admin.phase.as_str()),
            None => "not looked at",
        }
    }

    fn why(&self) -> String {
        match self.prediction {
            Some(prediction) => prediction.reason.clone(),
            None => "no prediction".to_owned(),
        }
    }

    /// All in one line of plain text.
    pub(super) fn line(&self) -> String {
        format!("{}: {}; {}", self.name, self.phase(), self.why())
    }

    /// All that is known, as an item of a list.
    pub(super) fn item(&self) -> String {
        let mut rows = vec![("Oracle", self.oracle())];
        if let Some(verdict) = self.verdict {
            let admin = verdict.admin.as_ref().map_or("does not know it".to_owned(), |admin| {
                let place = if admin.cluster.is_empty() { "no cluster" } else { &admin.cluster };
                let error = admin.error.as_ref().map_or(String::new(), |error| format!(": {error}"));
                format!("{}, {place}{error}", admin.phase)
            });
            rows.push(("Admin API", admin));
            for (cluster, seen) in &verdict.seen {
                let objects = [("FlyteWorkflow", &seen.workflows), ("pod", &seen.pods)];
                let objects = objects.iter().filter(|(_, names)| !names.is_empty());
                let objects: Vec<String> = objects
                    .map(|(kind, names)| format!("{}: {}", count(names.len(), kind), names.join(", ")))
                    .collect();
                rows.push((cluster, objects.join("; ")));
            }
            rows.extend(verdict.faults.iter().map(|fault| ("Wrong", fault.clone())));
        }
        let rows: String = rows
            .iter()
            .map(|(name, value)| format!("<div><dt>{}</dt><dd>{}</dd></div>", text(name), text(value)))
            .collect();
        format!(
            "<li class=\"{}\"><b>{}</b> <span class=\"dim\">{}</span><dl>{rows}</dl></li>\n",
            self.class(),
            text(self.name),
            text(self.phase())
        )
    }

    fn oracle(&self) -> String {
        let Some(prediction) = self.prediction else {
            return "no prediction".to_owned();
        };
        format!(
            "{}, for {}; pool: {}",
            prediction.cluster.as_deref().unwrap_or("no cluster"),
            prediction.reason,
            prediction.pool_source
        )
    }
}
