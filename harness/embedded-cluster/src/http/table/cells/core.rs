//! The rest of the core group.

use super::Shown;
use super::text::plain;
use crate::controllers::fields::Fields;
use crate::value::{Value, json};

pub(super) fn cells(object: &Shown<'_>, plural: &str) -> Option<Value> {
    let entries = |pointers: &[&str]| -> usize {
        pointers
            .iter()
            .filter_map(|pointer| object.map_at(pointer))
            .map(|map| map.len())
            .sum()
    };
    Some(match plural {
        "namespaces" => json!([object.name(), object.str_at("/status/phase"), object.age()]),
        "configmaps" => json!([object.name(), entries(&["/data", "/binaryData"]), object.age()]),
        "componentstatuses" => {
            let condition = |field: &str| object.str_at(&format!("/conditions/0/{field}")).to_owned();
            let healthy = if condition("status") == "True" { "Healthy" } else { "Unhealthy" };
            json!([object.name(), healthy, condition("message"), condition("error")])
        }
        "secrets" => json!([object.name(), object.str_at("/type"), entries(&["/data"]), object.age()]),
        "serviceaccounts" => json!([object.name(), object.age()]),
        "resourcequotas" => json!([object.name(), quota(object, false), quota(object, true), object.age()]),
        _ => return None,
    })
}

/// `pods: 1/5, requests.cpu: 0/2` of the limits, or of all else.
fn quota(quota: &Shown<'_>, limits: bool) -> String {
    let used = quota.at("/status/used");
    let amounts: Vec<String> = quota
        .map_at("/status/hard")
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.starts_with("limits.") == limits)
        .map(|(name, hard)| {
            let used = used.get(name).map_or_else(|| "0".to_owned(), plain);
            format!("{name}: {used}/{}", plain(hard))
        })
        .collect();
    amounts.join(", ")
}
