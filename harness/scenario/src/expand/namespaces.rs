//! Names of the scenario's own namespaces, which nobody else has.

use serde_json::Value;
use yaml::tree::{Node, Value as NodeValue};

use super::{Given, Source, key_of, of_value};
use crate::expression::Bindings;
use crate::names::is_dns_label;

/// Longest name of a namespace in a file, so that what is put behind it fits.
const LONGEST: usize = 40;

/// Gives every namespace without a `name` one that no other scenario and no other run has.
pub(super) fn name(root: &mut Node, bindings: &mut Bindings, given: &Given, source: &mut Source<'_>) {
    let scenario = root.at(["metadata", "name"]).and_then(Node::text).unwrap_or_default().to_owned();
    let Some(namespaces) = super::get_mut(root, "namespaces") else {
        return;
    };
    let NodeValue::Mapping(entries) = &mut namespaces.value else {
        return;
    };
    for entry in entries {
        let id = entry.key.text.clone();
        if !is_dns_label(&id) || id.len() > LONGEST {
            let message = format!("`{id}` is no namespace: lower-case letters, digits and `-`, at most {LONGEST}");
            source.error("invalid-name", entry.key_span, message);
            continue;
        }
        // `app:` with nothing behind it is a namespace, too.
        if entry.value.is_null() {
            entry.value.value = NodeValue::Mapping(Vec::new());
        }
        let NodeValue::Mapping(fields) = &mut entry.value.value else {
            continue;
        };
        let given_name = fields.iter().find(|field| field.key.text == "name").map(|field| &field.value);
        let name = match given_name {
            Some(name) => name.text().unwrap_or_default().to_owned(),
            None => {
                let name = format!("{id}-{}", suffix(&given.run, &scenario));
                fields.push(yaml::tree::Entry {
                    key: key_of("name"),
                    key_span: entry.key_span,
                    value: of_value(&Value::String(name.clone()), entry.key_span),
                });
                name
            }
        };
        bindings.namespaces.insert(id, Value::String(name));
    }
}

/// Eight characters that stand for a scenario of a run (FNV-1a, 32 bits).
fn suffix(run: &str, scenario: &str) -> String {
    let bytes = run.bytes().chain([0]).chain(scenario.bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}
