//! A run's results as one JSON document (`--json`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::journal::{Event, Record};

/// Scenarios with their outcome, failed steps and placements, in the order they ended.
pub fn summary(records: &[Record]) -> Value {
    let mut scenarios = Vec::new();
    let mut open: BTreeMap<&str, Value> = BTreeMap::new();
    let mut exit = Value::Null;
    for record in records {
        let name = record.scenario.as_deref().unwrap_or_default();
        match &record.event {
            Event::ScenarioStarted {
                file,
                backend,
                seed,
                clusters,
                matrix,
                ..
            } => {
                let entry = json!({
                    "name": name, "run": record.run, "file": file, "backend": backend, "matrix": matrix, "seed": seed, "clusters": clusters,
                    "outcome": "interrupted", "failures": [], "placements": [],
                });
                open.insert(name, entry);
            }
            Event::Placement(verdict) => push(&mut open, name, "placements", json!(verdict)),
            Event::StepFinished {
                code,
                message: Some(message),
                outcome,
                ..
            } => {
                push(
                    &mut open,
                    name,
                    "failures",
                    json!({"step": record.step, "outcome": outcome, "code": code, "message": message}),
                );
            }
            Event::ScenarioFinished {
                outcome,
                millis,
                virtual_millis,
            } => {
                if let Some(mut entry) = open.remove(name) {
                    entry["outcome"] = json!(outcome);
                    entry["millis"] = json!(millis);
                    entry["virtualMillis"] = json!(virtual_millis);
                    scenarios.push(entry);
                }
            }
            Event::RunFinished { exit: code } => exit = json!(code),
            _ => {}
        }
    }
    scenarios.extend(open.into_values());
    json!({"run": records.first().map(|record| record.run.as_str()), "exit": exit, "scenarios": scenarios})
}

fn push(open: &mut BTreeMap<&str, Value>, name: &str, list: &str, entry: Value) {
    if let Some(list) = open.get_mut(name).and_then(|scenario| scenario[list].as_array_mut()) {
        list.push(entry);
    }
}
