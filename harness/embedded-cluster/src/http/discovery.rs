//! Discovery: which resources are served, aggregated and (older) group by group.

use std::sync::Arc;

use crate::value::{Value, json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{Response, header};
use sha2::{Digest, Sha256};

use super::paths;
use super::respond::{self, ResponseBody};
use crate::apiserver::ApiServer;
use crate::kinds::{BUILTIN, Kind};
use crate::status::Status;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const OFFERED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// Answers `/api`, `/apis` and what is below, short of resources.
pub(super) fn answer(server: &ApiServer, parts: &Parts, steps: &[&str]) -> Result<Response<ResponseBody>, Status> {
    let core = steps.first() == Some(&"api");
    match steps {
        ["api"] | ["apis"] => match wanted(parts)? {
            Wanted::Aggregated => {
                let list = aggregated(server, core).to_string();
                Ok(respond::typed(200, AGGREGATED, respond::full(list)))
            }
            Wanted::Legacy if core => Ok(paths::json(&json!({
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": host(parts)}],
            }))),
            Wanted::Legacy => {
                let groups: Vec<Value> = groups(server).iter().filter(|(g, _)| !g.is_empty()).map(group_of).collect();
                Ok(paths::json(&json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})))
            }
        },
        ["apis", name] => {
            let group = groups(server)
                .into_iter()
                .find(|(g, _)| g == name && !g.is_empty())
                .ok_or_else(Status::no_such_resource)?;
            let mut document = group_of(&group);
            document["kind"] = "APIGroup".into();
            document["apiVersion"] = "v1".into();
            Ok(paths::json(&document))
        }
        ["api", version] => resources(server, "", version),
        ["apis", group, version] => resources(server, group, version),
        _ => Err(Status::no_such_resource()),
    }
}

#[derive(PartialEq)]
enum Wanted {
    Aggregated,
    Legacy,
}

fn wanted(parts: &Parts) -> Result<Wanted, Status> {
    let accept = parts.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if accept.is_empty() {
        return Ok(Wanted::Legacy);
    }
    for clause in accept.split(',') {
        if clause.contains("as=APIGroupDiscoveryList") {
            if clause.contains("v=v2") && !clause.contains("v=v2beta1") {
                return Ok(Wanted::Aggregated);
            }
        } else if ["application/json", "*/*", "application/*"].contains(&crate::apiserver::media_type(clause)) {
            return Ok(Wanted::Legacy);
        }
    }
    Err(Status::not_acceptable(OFFERED))
}

fn host(parts: &Parts) -> String {
    let header = parts.headers.get(header::HOST).and_then(|v| v.to_str().ok()).map(str::to_owned);
    header
        .or_else(|| parts.uri.authority().map(ToString::to_string))
        .unwrap_or_else(|| "kubernetes.default.svc:443".into())
}

/// All groups with their versions, preferred one first: the built-in ones, then the custom ones.
pub(super) fn groups(server: &ApiServer) -> Vec<(String, Vec<String>)> {
    let mut groups = BUILTIN.groups.clone();
    for kind in server.kinds.custom() {
        let (group, version) = (kind.resource.group().to_owned(), kind.resource.version().to_owned());
        match groups.iter_mut().find(|(g, _)| *g == group) {
            Some((_, versions)) if versions.contains(&version) => {}
            Some((_, versions)) => {
                versions.push(version);
                versions.sort_by_key(|v| std::cmp::Reverse(priority(v)));
            }
            None => groups.push((group, vec![version])),
        }
    }
    groups
}

/// Kubernetes' order of versions: stable ones first, then beta, then alpha, higher numbers first.
fn priority(version: &str) -> (u8, u32, u32) {
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    let split = |text: &str, word: &str| {
        let (major, minor) = text.split_once(word)?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    };
    if let Ok(major) = rest.parse::<u32>() {
        return (3, major, 0);
    }
    match (split(rest, "beta"), split(rest, "alpha")) {
        (Some((major, minor)), _) => (2, major, minor),
        (_, Some((major, minor))) => (1, major, minor),
        _ => (0, 0, 0),
    }
}

fn group_of((group, versions): &(String, Vec<String>)) -> Value {
    let version = |v: &String| json!({"groupVersion": format!("{group}/{v}"), "version": v});
    let all: Vec<Value> = versions.iter().map(version).collect();
    json!({"name": group, "versions": all, "preferredVersion": versions.first().map(version)})
}

fn kinds_of(server: &ApiServer, group: &str, version: &str) -> Vec<Arc<Kind>> {
    let all = server.kinds.all().into_iter();
    all.filter(|k| k.resource.group() == group && k.resource.version() == version)
        .collect()
}

/// The older list of one group-version's resources.
fn resources(server: &ApiServer, group: &str, version: &str) -> Result<Response<ResponseBody>, Status> {
    let kinds = kinds_of(server, group, version);
    if kinds.is_empty() {
        return Err(Status::no_such_resource());
    }
    let mut resources = vec![];
    for kind in &kinds {
        resources.push(legacy(kind));
        for sub in &kind.subresources {
            let mut entry = json!({
                "name": format!("{}/{}", kind.resource.plural(), sub.name), "singularName": "",
                "namespaced": kind.namespaced, "kind": sub.kind, "verbs": sub.verbs,
            });
            if let Some((group, version)) = foreign(&sub.kind, &sub.name) {
                entry["group"] = group.into();
                entry["version"] = version.into();
            }
            resources.push(entry);
        }
    }
    let group_version = kinds.first().map(|k| k.api_version()).unwrap_or_default();
    let mut document = json!({"kind": "APIResourceList", "groupVersion": group_version, "resources": resources});
    // The core group's answer has no apiVersion.
    if !group.is_empty() {
        document["apiVersion"] = "v1".into();
    }
    Ok(paths::json(&document))
}

/// Kinds that subresources have from another group.
fn foreign(kind: &str, subresource: &str) -> Option<(&'static str, &'static str)> {
    match (kind, subresource) {
        ("Scale", _) => Some(("autoscaling", "v1")),
        ("Eviction", _) => Some(("policy", "v1")),
        ("TokenRequest", _) => Some(("authentication.k8s.io", "v1")),
        _ => None,
    }
}

fn legacy(kind: &Kind) -> Value {
    let mut entry = json!({
        "name": kind.resource.plural(), "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind,
        "verbs": kind.verbs,
    });
    if !kind.short_names.is_empty() {
        entry["shortNames"] = json!(kind.short_names);
    }
    if !kind.categories.is_empty() {
        entry["categories"] = json!(kind.categories);
    }
    if kind.is_stored() && kind.has_verb("create") {
        // Version and kind that are stored, as the real server hashes them.
        let (group, mut version) = kind.storage_version.rsplit_once('/').unwrap_or(("", &kind.storage_version));
        if kind.kind == "CustomResourceDefinition" {
            // The real server still stores these in an older version.
            version = "v1beta1";
        }
        let hash = Sha256::digest(format!("{group}/{version}/{}", kind.kind));
        entry["storageVersionHash"] = STANDARD.encode(&hash[..8]).into();
    }
    entry
}

/// `APIGroupDiscoveryList` of the core group, or of all others.
fn aggregated(server: &ApiServer, core: bool) -> Value {
    let mut items = vec![];
    for (group, versions) in groups(server).iter().filter(|(g, _)| g.is_empty() == core) {
        let versions: Vec<Value> = versions
            .iter()
            .map(|version| {
                let resources: Vec<Value> = kinds_of(server, group, version)
                    .iter()
                    .map(|kind| aggregated_resource(kind))
                    .collect();
                json!({"version": version, "freshness": "Current", "resources": resources})
            })
            .collect();
        let metadata = if core { json!({}) } else { json!({"name": group}) };
        items.push(json!({"metadata": metadata, "versions": versions}));
    }
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn aggregated_resource(kind: &Kind) -> Value {
    let response_kind = |name: &str, own: bool, subresource: &str| {
        let (group, version) = foreign(name, subresource).unwrap_or_default();
        let (group, version) = match &kind.custom {
            Some(_) if own => (kind.resource.group(), kind.resource.version()),
            _ => (group, version),
        };
        json!({"group": group, "version": version, "kind": name})
    };
    let mut entry = json!({
        "resource": kind.resource.plural(), "responseKind": response_kind(&kind.kind, true, ""),
        "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": kind.singular, "verbs": kind.verbs,
    });
    if !kind.short_names.is_empty() {
        entry["shortNames"] = json!(kind.short_names);
    }
    if !kind.categories.is_empty() {
        entry["categories"] = json!(kind.categories);
    }
    if !kind.subresources.is_empty() {
        let subresources = kind.subresources.iter().map(|sub| {
            json!({
                "subresource": sub.name, "verbs": sub.verbs,
                "responseKind": response_kind(&sub.kind, sub.kind == kind.kind, &sub.name),
            })
        });
        entry["subresources"] = subresources.collect();
    }
    entry
}
