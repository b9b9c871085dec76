//! Paths into JSON as the recordings write them: `status/conditions/[type=Ready]/0/#`, `*` and `**`.

use serde_json::{Value, json};

pub(crate) fn steps(path: &str) -> Vec<String> {
    if path.is_empty() {
        vec![]
    } else {
        path.split('/').map(|s| s.replace("~1", "/")).collect()
    }
}

/// The value at a path, null where there is none.
pub(crate) fn pick(value: &Value, path: &str) -> Value {
    let mut value = value.clone();
    for step in steps(path) {
        value = match &value {
            Value::Object(map) => map.get(&step).cloned().unwrap_or_default(),
            Value::Array(list) if step == "#" => json!(list.len()),
            Value::Array(list) => match step
                .strip_prefix('[')
                .and_then(|s| s.strip_suffix(']'))
                .and_then(|s| s.split_once('='))
            {
                Some((key, wanted)) => list.iter().find(|v| v[key].as_str() == Some(wanted)).cloned().unwrap_or_default(),
                None => step.parse::<usize>().ok().and_then(|i| list.get(i)).cloned().unwrap_or_default(),
            },
            _ => Value::Null,
        };
    }
    value
}

/// Removes what is at a path.
pub(crate) fn drop(value: &mut Value, path: &[String]) {
    let Some((head, rest)) = path.split_first() else { return };
    match value {
        Value::Object(map) if head == "**" => {
            map.values_mut().for_each(|v| drop(v, path));
            drop(value, rest);
        }
        Value::Array(list) if head == "**" => {
            list.iter_mut().for_each(|v| drop(v, path));
            drop(value, rest);
        }
        Value::Object(map) => {
            let keys: Vec<String> = map.keys().filter(|k| head == "*" || *k == head).cloned().collect();
            for key in keys {
                if rest.is_empty() {
                    map.remove(&key);
                } else if let Some(v) = map.get_mut(&key) {
                    drop(v, rest);
                }
            }
        }
        Value::Array(list) => {
            for i in (0..list.len())
                .rev()
                .filter(|i| head == "*" || *head == i.to_string())
                .collect::<Vec<_>>()
            {
                if rest.is_empty() {
                    list.remove(i);
                } else {
                    drop(&mut list[i], rest);
                }
            }
        }
        _ => {}
    }
}

/// Rebuilds a value with every text (and key) passed through `change`.
pub(crate) fn map_texts(value: &Value, change: &mut dyn FnMut(&str) -> String) -> Value {
    match value {
        Value::String(text) => change(text).into(),
        Value::Array(list) => list.iter().map(|v| map_texts(v, change)).collect(),
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (change(k), map_texts(v, change))).collect()),
        other => other.clone(),
    }
}
