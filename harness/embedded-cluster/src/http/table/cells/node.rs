//! Nodes.

use std::collections::BTreeSet;

use super::Shown;
use super::text::{NONE, or};
use crate::controllers::fields::Fields;
use crate::value::{Value, json};

pub(super) fn cells(node: &Shown<'_>) -> Value {
    let unknown = |pointer: &str| or(node.str_at(pointer), "<unknown>").to_owned();
    json!([
        node.name(),
        status(node),
        roles(node),
        node.age(),
        node.str_at("/status/nodeInfo/kubeletVersion"),
        address(node, "InternalIP"),
        address(node, "ExternalIP"),
        unknown("/status/nodeInfo/osImage"),
        unknown("/status/nodeInfo/kernelVersion"),
        unknown("/status/nodeInfo/containerRuntimeVersion"),
    ])
}

fn status(node: &Shown<'_>) -> String {
    let ready = node.list_at("/status/conditions").iter().find(|c| c.str_at("/type") == "Ready");
    let status = match ready.map(|condition| condition.str_at("/status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let cordoned = if node.flag_at("/spec/unschedulable") {
        ",SchedulingDisabled"
    } else {
        ""
    };
    format!("{status}{cordoned}")
}

fn roles(node: &Shown<'_>) -> String {
    let labels = node.object.labels().into_iter().flatten();
    let roles: BTreeSet<&str> = labels
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None if key == "kubernetes.io/role" => value.as_str(),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    or(&roles.into_iter().collect::<Vec<_>>().join(","), NONE).to_owned()
}

fn address<'a>(node: &'a Shown<'_>, kind: &str) -> &'a str {
    let addresses = node.list_at("/status/addresses").iter();
    addresses
        .filter(|address| address.str_at("/type") == kind)
        .map(|address| address.str_at("/address"))
        .next()
        .unwrap_or(NONE)
}
