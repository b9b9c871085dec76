//! A scenario as short as the format allows.

use serde_json::Value;

use super::Opened;

/// The scenario without the fields that the format fills in by itself.
pub(super) fn terse(capsule: &Opened, whole: &Value) -> Value {
    let mut short = whole.clone();
    let meaning = means(capsule, whole);
    for path in fields(whole) {
        let mut candidate = short.clone();
        let Some((parent, key)) = path.rsplit_once('/') else { continue };
        let fields = candidate.pointer_mut(parent).and_then(Value::as_object_mut);
        // Within what is gone already there is nothing to do.
        if fields.and_then(|fields| fields.remove(&unescaped(key))).is_some() && means(capsule, &candidate) == meaning {
            short = candidate;
        }
    }
    short
}

/// What a scenario says with all its fields; `None` if it is not valid.
fn means(capsule: &Opened, tree: &Value) -> Option<Value> {
    // Another run than that which the scenario is of: what follows from the run's id, names of namespaces, must be said.
    let plan = capsule.plan_of(&yaml::emit::document(tree), "terse").ok()?;
    serde_json::to_value(&plan.loaded.scenario).ok()
}

/// Pointers to all fields, outer ones first.
fn fields(tree: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = std::collections::VecDeque::from([(String::new(), tree)]);
    while let Some((path, value)) = open.pop_front() {
        match value {
            Value::Array(list) => open.extend(list.iter().enumerate().map(|(index, value)| (format!("{path}/{index}"), value))),
            Value::Object(fields) => {
                let below = fields.iter().map(|(key, value)| (format!("{path}/{}", escaped(key)), value));
                let below: Vec<(String, &Value)> = below.collect();
                found.extend(below.iter().map(|(path, _)| path.clone()));
                open.extend(below);
            }
            _ => {}
        }
    }
    found
}

/// A key in a JSON pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}
