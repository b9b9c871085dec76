//! Requests of the recordings, to be damaged.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// What part of a request is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Protobuf,
    Bodies,
    Patches,
    Selectors,
}

/// The recorded requests with such a part.
pub(crate) fn of(target: Target) -> Vec<Seed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut seeds = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "gz"))
    {
        let text = std::io::read_to_string(flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap())).unwrap();
        for line in text.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let steps = case["steps"].as_array().unwrap().iter();
            seeds.extend(steps.map(seed).filter(|seed| fits(seed, target)));
        }
    }
    seeds
}

fn fits(seed: &Seed, target: Target) -> bool {
    let protobuf = seed.content_type.contains("protobuf");
    match target {
        Target::Protobuf => protobuf,
        Target::Bodies => !protobuf && matches!(seed.method.as_str(), "POST" | "PUT") && !seed.body.is_empty(),
        Target::Patches => seed.method == "PATCH",
        // A watch has no end.
        Target::Selectors => seed.method == "GET" && seed.path.contains('?') && !seed.path.contains("watch="),
    }
}

fn seed(step: &Value) -> Seed {
    let text = |field: &str| step[field].as_str().map(str::to_owned);
    let body = match (text("b64"), text("text"), &step["body"]) {
        (Some(packed), ..) => STANDARD.decode(packed).unwrap(),
        (None, Some(text), _) => text.into_bytes(),
        (None, None, Value::Null) => vec![],
        (None, None, body) => body.to_string().into_bytes(),
    };
    let usual = if step["b64"].is_string() {
        "application/vnd.kubernetes.protobuf"
    } else {
        "application/json"
    };
    let content_type = step["headers"]["Content-Type"].as_str().unwrap_or(usual);
    let query: Vec<String> = match &step["query"] {
        Value::Object(query) => query
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(plain(value))))
            .collect(),
        _ => vec![],
    };
    let path = text("path")
        .unwrap_or_default()
        .replace("{{ns}}", "default")
        .replace(['{', '}', ' '], "");
    Seed {
        method: text("method").unwrap_or_else(|| "GET".into()),
        path: if query.is_empty() {
            path
        } else {
            format!("{path}?{}", query.join("&"))
        },
        content_type: content_type.to_owned(),
        body,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A query's value.
pub(crate) fn escaped(text: impl AsRef<[u8]>) -> String {
    text.as_ref().iter().map(|byte| format!("%{byte:02X}")).collect()
}
