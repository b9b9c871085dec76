//! Cases of kind `parse`: YAML and what the process ends up with.

use serde_json::{Map, Value, json};

use super::Outcome;
use super::check::Differences;
use crate::placement::{Cluster, ClusterConfig, GoDuration, KubeClientLimits, Selector};

pub(super) fn check(text: &str, expect: &Map<String, Value>) -> Outcome {
    let config = match ClusterConfig::from_yaml(text) {
        Ok((config, _)) => config,
        Err(error) => return unreadable(&error.to_string(), expect),
    };
    let startup = Selector::new(config.clone());
    let mut differences = Differences::default();
    for (key, expected) in expect {
        match key.as_str() {
            "labels" => {
                let labels: Vec<_> = config.label_cluster_map.keys().cloned().collect();
                differences.compare(key, &sorted(expected), labels);
            }
            "clusters" => clusters(&mut differences, expected, &config.clusters),
            "weights" => differences.compare(key, &floats(expected), weights(&config)),
            "default_execution_label" => {
                differences.compare(key, expected, config.default_execution_label.as_str());
            }
            "effective" => match config.clusters.first() {
                Some(cluster) => limits(&mut differences, expected, &cluster.kube_client_limits()),
                None => differences.compare(key, expected, Value::Null),
            },
            "startup" => {
                differences.compare(key, expected, if startup.is_ok() { "ok" } else { "panic" });
            }
            "contains" => {
                let message = startup.as_ref().err().map(ToString::to_string).unwrap_or_default();
                differences.contains(key, expected, &message);
            }
            "note" => {}
            other => differences.unknown(other),
        }
    }
    differences.outcome()
}

/// A configuration that the process refuses to read.
fn unreadable(error: &str, expect: &Map<String, Value>) -> Outcome {
    let mut differences = Differences::default();
    for (key, expected) in expect {
        match key.as_str() {
            "startup" => differences.compare(key, expected, "panic"),
            "contains" => differences.contains(key, expected, error),
            "note" => {}
            other => differences.compare(other, expected, error),
        }
    }
    differences.outcome()
}

/// Compares the fields that each expected cluster names.
fn clusters(differences: &mut Differences, expected: &Value, found: &[Cluster]) {
    let expected = expected.as_array().map(Vec::as_slice).unwrap_or_default();
    differences.compare("number of clusters", &json!(expected.len()), found.len());
    for (expected, cluster) in expected.iter().zip(found) {
        for (key, expected) in expected.as_object().into_iter().flatten() {
            let found = match key.as_str() {
                "name" => json!(cluster.name),
                "endpoint" => json!(cluster.endpoint),
                "enabled" => json!(cluster.enabled),
                "in_cluster" => json!(cluster.in_cluster),
                "token_path" => json!(cluster.auth.token_path),
                "cert_path" => json!(cluster.auth.cert_path),
                other => {
                    differences.unknown(other);
                    continue;
                }
            };
            differences.compare(&format!("{}.{key}", cluster.name), expected, found);
        }
    }
}

/// The effective client limits; the timeout as text, `none` for none.
fn limits(differences: &mut Differences, expected: &Value, found: &KubeClientLimits) {
    for (key, expected) in expected.as_object().into_iter().flatten() {
        match key.as_str() {
            "qps" => differences.compare(key, expected, found.qps),
            "burst" => differences.compare(key, expected, found.burst),
            "timeout" => {
                // 60s and 1m0s are the same.
                let text = expected.as_str().unwrap_or_default();
                let expected = text.parse().map_or(text.to_owned(), |timeout: GoDuration| timeout.to_string());
                let found = found.timeout.map_or("none".to_owned(), |timeout| timeout.to_string());
                differences.compare(key, &Value::from(expected), found);
            }
            other => differences.unknown(other),
        }
    }
}

/// Label to pairs of id and weight.
fn weights(config: &ClusterConfig) -> Value {
    let labels = config.label_cluster_map.iter().map(|(label, entries)| {
        let pairs = entries.iter().map(|entry| json!([entry.id, entry.weight])).collect::<Vec<_>>();
        (label.clone(), Value::from(pairs))
    });
    labels.collect::<Map<_, _>>().into()
}

/// Expected weights as float32, as the process holds them.
fn floats(expected: &Value) -> Value {
    match expected {
        Value::Number(number) => json!(number.as_f64().unwrap_or(f64::NAN) as f32),
        Value::Array(items) => items.iter().map(floats).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), floats(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

fn sorted(labels: &Value) -> Value {
    let mut labels: Vec<_> = labels.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    labels.sort_unstable();
    json!(labels)
}
