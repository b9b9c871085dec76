//! Looking for a smaller scenario that still fails in the same way.
//!
//! Candidates leave something out: steps (many at once, then fewer), clusters, executions, entries of lists. One that is a valid scenario and
//! fails like the recorded run ([`Ending::fails_like`](crate::report::Ending::fails_like)) takes the place of what it was made from, until nothing
//! more can be left out. Each candidate runs on embedded clusters in virtual time, which takes a fraction of a second.

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::terse::{escaped, terse};
use super::{CapsuleError, Ingredients, Opened};
use crate::journal::{Journal, Kept, Record};
use crate::report::{Ending, endings};
use crate::run::{Plan, Suite, suite};

/// The id of these runs.
const RUN: &str = "shrink";

/// What shrinking found.
#[derive(Debug)]
pub struct Shrunk {
    /// The smallest scenario, as YAML.
    pub text: String,
    /// Its number of steps, and that of the recorded one.
    pub steps: (usize, usize),
    /// How many scenarios were run.
    pub tries: usize,
    /// The smallest scenario with its files.
    pub ingredients: Ingredients,
    /// Its run.
    pub records: Vec<Record>,
}

/// Looks for the smallest scenario that fails as the capsule says. `None` if the capsule's own does not fail so here, on embedded clusters.
/// `stop` ends the search early, with the smallest one so far.
///
/// # Errors
/// If a file cannot be read.
pub fn shrink(capsule: &Opened, stop: &CancellationToken) -> Result<Option<Shrunk>, CapsuleError> {
    if capsule.about.ending.outcome.is_fine() {
        return Err(CapsuleError::Passed);
    }
    let whole = capsule.plan(None, RUN)?;
    let steps = whole.loaded.scenario.steps.len();
    let tree = serde_json::to_value(&whole.loaded.scenario).map_err(|error| CapsuleError::Scenario(error.to_string()))?;
    let mut search = Search {
        capsule,
        stop,
        tries: 0,
        best: None,
    };
    if !search.fails(&tree) {
        return Ok(None);
    }
    let mut smallest = tree;
    loop {
        let before = smallest.clone();
        search.without_steps(&mut smallest);
        search.without_clusters(&mut smallest);
        search.fewer_executions(&mut smallest);
        search.shorter_lists(&mut smallest);
        if smallest == before || stop.is_cancelled() {
            break;
        }
    }
    let Some(records) = search.best else { return Ok(None) };
    let text = yaml::emit::document(&terse(capsule, &smallest));
    let plan = capsule.plan_of(&text, RUN)?;
    Ok(Some(Shrunk {
        text,
        steps: (plan.loaded.scenario.steps.len(), steps),
        tries: search.tries,
        ingredients: Ingredients::read(&plan)?,
        records,
    }))
}

struct Search<'a> {
    capsule: &'a Opened,
    stop: &'a CancellationToken,
    tries: usize,
    /// The run of the smallest that failed in the same way.
    best: Option<Vec<Record>>,
}

impl Search<'_> {
    /// Runs a candidate. What is no valid scenario does not count, nor what comes after an interrupt.
    fn fails(&mut self, candidate: &Value) -> bool {
        let Ok(plan) = self.capsule.plan_of(&yaml::emit::document(candidate), RUN) else {
            return false;
        };
        if self.stop.is_cancelled() {
            return false;
        }
        self.tries += 1;
        let Some((ending, records)) = run(&plan, self.stop) else {
            return false;
        };
        let same = ending.fails_like(&self.capsule.about.ending);
        if same {
            self.best = Some(records);
        }
        same
    }

    /// Takes a candidate if it still fails.
    fn take(&mut self, current: &mut Value, candidate: Value) -> bool {
        let better = candidate != *current && self.fails(&candidate);
        if better {
            *current = candidate;
        }
        better
    }

    /// Leaves out runs of steps: half of them, a quarter, down to single ones; later ones first, since earlier ones are what they stand on.
    fn without_steps(&mut self, current: &mut Value) {
        let mut size = steps(current).div_ceil(2);
        while size > 0 {
            let mut end = steps(current);
            while end > 0 {
                let start = end.saturating_sub(size);
                let mut candidate = current.clone();
                if let Some(steps) = candidate["steps"].as_array_mut() {
                    steps.drain(start..end);
                }
                self.take(current, candidate);
                end = start;
            }
            size /= 2;
        }
    }

    fn without_clusters(&mut self, current: &mut Value) {
        let ids: Vec<String> = current["clusters"]
            .as_object()
            .into_iter()
            .flat_map(|all| all.keys().cloned())
            .collect();
        for id in ids {
            let mut candidate = current.clone();
            if let Some(clusters) = candidate["clusters"].as_object_mut() {
                clusters.remove(&id);
            }
            self.take(current, candidate);
        }
    }

    /// One execution for each `submit`, or half as many as long as that fails, too.
    fn fewer_executions(&mut self, current: &mut Value) {
        for index in 0..steps(current) {
            let count = |tree: &Value| tree["steps"][index]["submit"]["count"].as_u64().unwrap_or(1);
            while count(current) > 1 {
                let with = |wanted: u64| {
                    let mut candidate = current.clone();
                    candidate["steps"][index]["submit"]["count"] = wanted.into();
                    candidate
                };
                let (one, half) = (with(1), with(count(current) / 2));
                if !self.take(current, one) && !self.take(current, half) {
                    break;
                }
            }
        }
    }

    /// Leaves out single entries of the lists in steps.
    fn shorter_lists(&mut self, current: &mut Value) {
        for path in lists(current) {
            let length = |tree: &Value| tree.pointer(&path).and_then(Value::as_array).map_or(0, Vec::len);
            for index in (0..length(current)).rev() {
                if length(current) < 2 {
                    break;
                }
                let mut candidate = current.clone();
                if let Some(list) = candidate.pointer_mut(&path).and_then(Value::as_array_mut) {
                    list.remove(index);
                }
                self.take(current, candidate);
            }
        }
    }
}

fn steps(tree: &Value) -> usize {
    tree["steps"].as_array().map_or(0, Vec::len)
}

/// Pointers to all lists in steps, outer ones first.
fn lists(tree: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<(String, &Value)> = vec![("/steps".to_owned(), &tree["steps"])];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Array(list) => {
                if path != "/steps" {
                    found.push(path.clone());
                }
                open.extend(list.iter().enumerate().map(|(index, value)| (format!("{path}/{index}"), value)));
            }
            Value::Object(fields) => {
                open.extend(fields.iter().map(|(key, value)| (format!("{path}/{}", escaped(key)), value)));
            }
            _ => {}
        }
    }
    found
}

/// Runs one scenario, silently.
fn run(plan: &Plan, stop: &CancellationToken) -> Option<(Ending, Vec<Record>)> {
    let kept = Kept::default();
    let journal = Journal::new(RUN.to_owned(), None, vec![Box::new(kept.clone())]).ok()?;
    suite(std::slice::from_ref(plan), &Suite::embedded(stop.clone()), &journal);
    let records = kept.records();
    let ending = endings(&records).remove(plan.name())?;
    Some((ending, records))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_found_in_steps_only() {
        let tree = json!({"clusters": {"a": [1]}, "steps": [{"deploy": {"on": ["a", "b"], "a/b": [["x"]]}}, {"wait": "1s"}]});
        let mut found = lists(&tree);
        found.sort();
        assert_eq!(found, ["/steps/0/deploy/a~1b", "/steps/0/deploy/a~1b/0", "/steps/0/deploy/on"]);
        assert!(found.iter().all(|path| tree.pointer(path).is_some()));
    }
}
