//! ConfigMaps and Secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::value::Value;

use super::rules::{Check, Rule, apply, text};
use crate::status::Cause;

/// Largest sum of keys' values, in bytes.
const MOST: usize = 1024 * 1024;

const CONFIG_MAP: &[Rule] = &[("", Check::With(duplicates)), ("binaryData", Check::ConfigKeys)];

/// A ConfigMap.
pub(super) fn config_map(object: &Value, causes: &mut Vec<Cause>) {
    apply(&[("data", Check::ConfigKeys)], object, "", causes);
    apply(CONFIG_MAP, object, "", causes);
    let texts = object["data"].as_object().into_iter().flatten();
    let size: usize = texts.map(|(_, value)| text(value).len()).sum();
    if size + decoded_size(&object["binaryData"]) > MOST {
        causes.push(Cause::too_long("", MOST));
    }
}

fn decoded_size(data: &Value) -> usize {
    let values = data.as_object().into_iter().flatten();
    values.map(|(_, value)| text(value).trim_end_matches('=').len() * 3 / 4).sum()
}

fn duplicates(object: &Value, _: &str, causes: &mut Vec<Cause>) {
    for (key, _) in object["data"].as_object().into_iter().flatten() {
        if object["binaryData"].get(key.as_str()).is_some() {
            let detail = "duplicate of key present in binaryData";
            causes.push(Cause::invalid(format!("data[{key}]"), &key.as_str().into(), detail));
        }
    }
}

/// Keys that Secrets of a type must have.
const KEYS: &[(&str, &[&str])] = &[
    ("kubernetes.io/dockercfg", &[".dockercfg"]),
    ("kubernetes.io/dockerconfigjson", &[".dockerconfigjson"]),
    ("kubernetes.io/tls", &["tls.crt", "tls.key"]),
    ("kubernetes.io/ssh-auth", &["ssh-privatekey"]),
    ("kubernetes.io/basic-auth", &["username", "password"]),
];

const ACCOUNT: &str = "kubernetes.io/service-account.name";

/// A Secret.
pub(super) fn secret(object: &Value, causes: &mut Vec<Cause>) {
    apply(&[("data", Check::ConfigKeys)], object, "", causes);
    if decoded_size(&object["data"]) > MOST {
        causes.push(Cause::too_long("data", MOST));
    }
    let kind = text(&object["type"]);
    if kind == "kubernetes.io/service-account-token" && text(&object["metadata"]["annotations"][ACCOUNT]).is_empty() {
        causes.push(Cause::required(format!("metadata.annotations[{ACCOUNT}]"), ""));
    }
    let Some((_, keys)) = KEYS.iter().find(|(k, _)| *k == kind) else {
        return;
    };
    let there = |key: &str| object["data"].get(key);
    // Of these two one is enough.
    if kind == "kubernetes.io/basic-auth" && keys.iter().any(|key| there(key).is_some()) {
        return;
    }
    for key in *keys {
        match there(key) {
            None => causes.push(Cause::required(format!("data[{key}]"), "")),
            Some(value) if text(value).is_empty() && kind == "kubernetes.io/ssh-auth" => {
                causes.push(Cause::required(format!("data[{key}]"), ""));
            }
            Some(value) if kind.starts_with("kubernetes.io/dockerc") => docker(value, key, causes),
            Some(_) => {}
        }
    }
}

/// Credentials for registries, which are JSON.
fn docker(value: &Value, key: &str, causes: &mut Vec<Cause>) {
    let bytes = STANDARD.decode(text(value)).unwrap_or_default();
    if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes).is_ok() {
        return;
    }
    let content = String::from_utf8_lossy(&bytes);
    let why = match content.trim_start().chars().next() {
        None => "unexpected end of JSON input".to_owned(),
        Some(c) if "{[\"-0123456789tfn".contains(c) => "invalid JSON object".to_owned(),
        Some(c) => format!("invalid character {c:?} looking for beginning of value"),
    };
    let shown = "<secret contents redacted>".into();
    causes.push(Cause::invalid(format!("data[{key}]"), &shown, &why));
}
