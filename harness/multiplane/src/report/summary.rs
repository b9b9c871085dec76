//! A run's results as one JSON document (`--json`).

use serde_json::{Value, json};

use super::scenario::{Scenario, scenarios};
use crate::journal::{Event, Record};

/// Scenarios with their outcome, failed steps and placements, in the order they began.
pub fn summary(records: &[Record]) -> Value {
    let exit = records.iter().rev().find_map(|record| match &record.event {
        Event::RunFinished { exit } => Some(*exit),
        _ => None,
    });
    let scenarios: Vec<Value> = scenarios(records).iter().map(|(name, scenario)| entry(name, scenario)).collect();
    json!({"run": records.first().map(|record| record.run.as_str()), "exit": exit, "scenarios": scenarios})
}

fn entry(name: &str, scenario: &Scenario) -> Value {
    let failures = scenario.steps.iter().filter_map(|(index, step)| {
        let end = step.end.as_ref()?;
        let message = end.message.as_ref()?;
        Some(json!({"step": index, "outcome": end.outcome, "code": end.code, "message": message}))
    });
    let placements = scenario.steps.values().flat_map(|step| &step.verdicts);
    let mut entry = json!({
        "name": name, "run": scenario.run, "file": scenario.file, "backend": scenario.backend, "matrix": scenario.matrix, "seed": scenario.seed,
        "clusters": scenario.clusters, "outcome": scenario.outcome(), "class": scenario.outcome().class(),
        "failures": failures.collect::<Vec<_>>(), "placements": placements.collect::<Vec<_>>(),
    });
    if scenario.has_ended() {
        entry["millis"] = json!(scenario.millis());
        entry["virtualMillis"] = json!(scenario.virtual_millis());
    }
    if let Some(quarantine) = &scenario.quarantine {
        entry["quarantine"] = json!(quarantine);
    }
    if !scenario.earlier.is_empty() {
        entry["earlierAttempts"] = json!(scenario.earlier);
    }
    entry
}
