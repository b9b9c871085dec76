//! What is done to an answer before it is compared: noise goes, order is settled.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use regex::Regex;
use serde_json::{Map, Value, json};

use crate::case::{Case, Step};
use crate::paths::{drop, map_texts, pick, steps};

pub(crate) const ADMIN: &str = "kubernetes-admin";
const CONTROLLERS: &[&str] = &["kube-controller-manager", "kube-scheduler", "cloud-controller-manager", "kubelet"];
const CREDENTIAL: &str = "authentication.kubernetes.io/credential-id";
const ANY_VERSION: &[&str] = &["gitCommit", "buildDate", "goVersion", "compiler", "platform", "gitTreeState"];
const AGES: &[&str] = &["Age", "First Seen", "Last Seen", "Last Schedule", "Duration", "RequestedDuration"];

static DUMP: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?s)Invalid value: "\{\\"(?:apiVersion|kind|metadata|spec|data)\\".*?\}": "#).unwrap());
static AGE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^((\d+(y|d|h|m|s|ms))+|<unknown>|<invalid>)$").unwrap());
static JWT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}").unwrap());

/// Applies the step's and the case's rules to an answer.
pub(crate) fn shape(answer: &mut Value, case: &Case, step: &Step, unique: &str, fill: &dyn Fn(&Value) -> Value) {
    for part in ["body", "events", "reviews"] {
        if let Some(value) = answer.get_mut(part) {
            tidy(value, unique);
        }
    }
    let claims = answer.get("body").map(claims).unwrap_or_default();
    if !claims.is_empty() {
        answer["jwts"] = claims.into();
    }
    for (path, key) in &step.sort {
        let mut list = pick(&answer["body"], path);
        if let Some(items) = list.as_array_mut() {
            items.sort_by_key(|item| pick(item, key).to_string());
            set(&mut answer["body"], &steps(path), list);
        }
    }
    let failed = answer["status"].as_u64().unwrap_or(0) >= 400;
    let mut drops = step.drop.clone();
    if !failed {
        drops.extend(case.drop.iter().cloned());
    }
    if !case.managed_fields {
        drops.push("**/metadata/managedFields".into());
    }
    if case.controlled && !failed {
        let annotation = "**/metadata/annotations/deployment.kubernetes.io~1revision";
        drops.extend(["**/metadata/resourceVersion", annotation, "**/status", "status"].map(str::to_owned));
    }
    for part in ["body", "events", "reviews"] {
        if let Some(value) = answer.get_mut(part) {
            drops.iter().for_each(|path| drop(value, &steps(path)));
            drop_empty_annotations(value);
        }
    }
    if let Some(picked) = &step.pick
        && answer["body"].is_object()
        && !failed
    {
        let body = answer["body"].clone();
        let picked = fill(&json!(picked));
        let map: Map<String, Value> = picked
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p.as_str().unwrap())
            .map(|p| (p.to_owned(), pick(&body, p)))
            .collect();
        answer["body"] = map.into();
    }
    if !step.only.is_empty() {
        answer.as_object_mut().unwrap().retain(|key, _| step.only.contains(key));
    }
}

fn set(value: &mut Value, path: &[String], new: Value) {
    match path.split_first() {
        None => *value = new,
        Some((head, rest)) => set(&mut value[head.as_str()], rest, new),
    }
}

fn drop_empty_annotations(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_object_mut)
                && metadata.get("annotations") == Some(&json!({}))
            {
                metadata.remove("annotations");
            }
            map.values_mut().for_each(drop_empty_annotations);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_empty_annotations),
        _ => {}
    }
}

/// Order and noise of a body.
fn tidy(value: &mut Value, unique: &str) {
    tidy_inside(value);
    let foreign = |name: &str| name.contains(".golden.test") && !name.contains(unique);
    if value.get("gitVersion").is_some() && value.get("goVersion").is_some() {
        for key in ANY_VERSION {
            value[*key] = "<any>".into();
        }
    }
    let filters: [(&str, &str, &str); 2] = [
        ("APIGroupList", "groups", "name"),
        ("APIGroupDiscoveryList", "items", "metadata/name"),
    ];
    for (kind, list, name) in filters {
        if value["kind"] == kind
            && let Some(items) = value[list].as_array_mut()
        {
            items.retain(|item| !foreign(pick(item, name).as_str().unwrap_or_default()));
        }
    }
    if let Some(paths) = value.get_mut("paths").and_then(Value::as_object_mut) {
        paths.retain(|path, _| !foreign(path));
    }
}

fn tidy_inside(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("Invalid value") => {
            *text = DUMP.replace_all(text, "Invalid value: \"<object>\": ").into_owned();
        }
        Value::Array(list) => list.iter_mut().for_each(tidy_inside),
        Value::Object(map) => {
            map.values_mut().for_each(tidy_inside);
            tidy_object(map);
        }
        _ => {}
    }
}

fn tidy_object(map: &mut Map<String, Value>) {
    if let Some(extra) = map.get_mut("extra").and_then(Value::as_object_mut) {
        extra.remove(CREDENTIAL);
        if extra.is_empty() {
            map.remove("extra");
        }
    }
    if map.get("username") == Some(&ADMIN.into()) && map.get("groups").is_some_and(Value::is_array) {
        map.remove("uid");
    }
    let text = |v: &Value, key: &str| v[key].as_str().unwrap_or_default().to_owned();
    if let Some(fields) = map.get_mut("managedFields").and_then(Value::as_array_mut) {
        fields.retain(|m| !CONTROLLERS.contains(&m["manager"].as_str().unwrap_or_default()));
        fields.sort_by_key(|m| ["operation", "manager", "subresource", "apiVersion"].map(|k| text(m, k)));
    }
    if let Some(conditions) = map.get_mut("conditions").and_then(Value::as_array_mut) {
        conditions.sort_by_key(|c| text(c, "type"));
    }
    if map.get("kind") == Some(&"Table".into()) {
        let columns = map.get("columnDefinitions").and_then(Value::as_array).cloned();
        let is_age = |i: usize| {
            columns
                .as_ref()
                .is_none_or(|c| c.get(i).is_some_and(|c| AGES.contains(&c["name"].as_str().unwrap_or_default())))
        };
        for row in map.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten() {
            for (i, cell) in row["cells"].as_array_mut().into_iter().flatten().enumerate() {
                if is_age(i) && cell.as_str().is_some_and(|c| AGE.is_match(c)) {
                    *cell = "<age>".into();
                }
            }
        }
    }
}

/// The payload of every JWT in a body, times relative to its issue.
fn claims(body: &Value) -> Vec<Value> {
    let mut found = vec![];
    map_texts(body, &mut |text| {
        let decoded = text
            .starts_with("ZXlK")
            .then(|| STANDARD.decode(text).ok().and_then(|b| String::from_utf8(b).ok()))
            .flatten();
        for token in JWT.find_iter(decoded.as_deref().unwrap_or(text)) {
            let payload = token
                .as_str()
                .split('.')
                .nth(1)
                .and_then(|p| URL_SAFE_NO_PAD.decode(p).ok())
                .unwrap_or_default();
            let Ok(mut payload) = serde_json::from_slice::<Value>(&payload) else {
                continue;
            };
            let issued = payload
                .as_object_mut()
                .and_then(|p| p.remove("iat"))
                .and_then(|v| v.as_i64())
                .unwrap_or(0);
            relative(&mut payload, issued);
            if payload.get("kubernetes.io").is_some() {
                relative(&mut payload["kubernetes.io"], issued);
            }
            found.push(payload);
        }
        text.to_owned()
    });
    found
}

fn relative(holder: &mut Value, issued: i64) {
    for key in ["exp", "nbf", "warnafter"] {
        if let Some(time) = holder[key].as_i64() {
            holder[key] = format!("iat{:+}", time - issued).into();
        } else if holder[key].is_null()
            && let Some(map) = holder.as_object_mut()
        {
            map.remove(key);
        }
    }
}
