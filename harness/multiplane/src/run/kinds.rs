//! What scenarios are read with: the embedded cluster knows Kubernetes' own kinds.

use embedded_cluster::known;
use scenario::{Given, Key, Kinds, UnknownField};
use serde_json::Value;

/// What is known of a run, and of Kubernetes' own kinds.
pub fn known_to(run: &str) -> Given {
    Given {
        kinds: Some(&BuiltIn),
        ..Given::of(run)
    }
}

#[derive(Debug)]
struct BuiltIn;

impl Kinds for BuiltIn {
    fn of_version(&self, api_version: &str) -> Option<Vec<String>> {
        known::of_version(api_version)
    }

    fn is_namespaced(&self, api_version: &str, kind: &str) -> Option<bool> {
        known::is_namespaced(api_version, kind)
    }

    fn unknown_field(&self, api_version: &str, kind: &str, fields: &Value) -> Option<UnknownField> {
        let found = known::unknown_field(api_version, kind, fields)?;
        let path = found.path.into_iter().map(|key| match key {
            known::Key::Field(name) => Key::Field(name),
            known::Key::Item(index) => Key::Item(index),
        });
        Some(UnknownField {
            path: path.collect(),
            known: found.known,
        })
    }

    fn condition(&self, api_version: &str, kind: &str, text: &str) -> Result<(), String> {
        known::expression_fields(api_version, kind, text)
    }
}
