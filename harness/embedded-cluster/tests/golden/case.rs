//! Runs one case: its requests one after the other, against one cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use embedded_cluster::{ApiService, EmbeddedCluster};
use http::{HeaderName, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use simnet::Host;
use simnet::http::{Access, AccessService};
use simnet::tls::KeyPair;
use tokio::time::{Instant, sleep, timeout_at};
use tower::ServiceExt;

use crate::compare::Matcher;
use crate::hooks::Hooks;
use crate::paths::{map_texts, pick};
use crate::shape::shape;

/// Where the API listens, for those who come with certificates.
pub(crate) const API_PORT: u16 = 6443;
/// Letters of the name that a case uses for itself.
const LETTERS: &[u8] = b"bcdfghjkmnpqrstvwxz";
/// The namespace in recorded protobuf bodies; real ones are as long.
const RECORDED_NAMESPACE: &str = "gt-00000000";

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Case {
    pub(crate) name: String,
    steps: Vec<Step>,
    #[serde(default = "yes")]
    ns: bool,
    #[serde(default)]
    ns_labels: Value,
    #[serde(default)]
    sa: bool,
    #[serde(default)]
    message: String,
    #[serde(default)]
    pub(crate) managed_fields: bool,
    #[serde(default)]
    pub(crate) controlled: bool,
    #[serde(default)]
    pub(crate) drop: Vec<String>,
    #[serde(default)]
    hooks: Value,
    #[serde(default)]
    cleanup: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Step {
    method: String,
    path: String,
    query: Value,
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    text: Option<String>,
    b64: Option<String>,
    auth: Value,
    capture: BTreeMap<String, String>,
    optional: Value,
    setup: bool,
    until: Value,
    timeout: Option<f64>,
    settle: Option<f64>,
    pub(crate) only: Vec<String>,
    pub(crate) pick: Option<Vec<String>>,
    pub(crate) drop: Vec<String>,
    pub(crate) sort: BTreeMap<String, String>,
    watch: Option<String>,
    #[serde(deserialize_with = "present")]
    collect: Option<Value>,
    seconds: Option<f64>,
    bookmarks: bool,
    end: bool,
    sleep: Option<f64>,
    hookreset: Option<Value>,
    hookreviews: Option<Value>,
    expect: Value,
}

fn yes() -> bool {
    true
}

/// Tells `collect: null` from no `collect`.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

pub(crate) type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, std::io::Error>;

struct Run<'a> {
    cluster: &'a EmbeddedCluster,
    hooks: &'a Hooks,
    host: &'a Host,
    case: Case,
    unique: String,
    variables: BTreeMap<String, String>,
    watches: BTreeMap<String, Stream>,
}

/// Runs a case; the error is the first difference.
pub(crate) async fn run(cluster: &EmbeddedCluster, hooks: &Hooks, host: &Host, case: Case, number: usize) -> Result<(), String> {
    let unique: String = (0u32..8)
        .map(|i| char::from(LETTERS[(number / LETTERS.len().pow(i)) % LETTERS.len()]))
        .collect();
    let mut variables: BTreeMap<String, String> = hooks.variables(&unique).into();
    variables.insert("u".into(), unique.clone());
    variables.insert("ns".into(), format!("gt-{unique}"));
    hooks.rule(&unique, case.hooks.clone());
    let mut run = Run {
        cluster,
        hooks,
        host,
        case,
        unique,
        variables,
        watches: BTreeMap::new(),
    };
    let result = run.steps().await;
    for path in run.case.cleanup.clone() {
        let _ = run
            .send(&Step {
                method: "DELETE".into(),
                path,
                ..Step::default()
            })
            .await;
    }
    if run.case.ns {
        let _ = run
            .send(&Step {
                method: "DELETE".into(),
                path: "/api/v1/namespaces/{{ns}}".into(),
                ..Step::default()
            })
            .await;
    }
    result
}

impl Run<'_> {
    async fn steps(&mut self) -> Result<(), String> {
        let mut matcher = Matcher::new(&self.unique, self.case.message == "loose");
        if self.case.ns {
            self.make_namespace().await?;
        }
        for (number, step) in self.case.steps.clone().into_iter().enumerate() {
            let place = format!("step {number} {} {}", step.method, step.path);
            let Some(mut answer) = self.step(&step).await.map_err(|error| format!("{place}: {error}"))? else {
                continue;
            };
            let fill = |value: &Value| self.fill(value);
            shape(&mut answer, &self.case, &step, &self.unique, &fill);
            let mut differences = vec![];
            matcher.compare(&step.expect, &answer, "", &mut differences);
            differences.sort_by_key(|d| !d.starts_with("/status "));
            if let Some(first) = differences.first() {
                let more = if differences.len() > 1 {
                    format!(" (and {} more)", differences.len() - 1)
                } else {
                    String::new()
                };
                return Err(format!("{place}: {}{more}", first.chars().take(500).collect::<String>()));
            }
        }
        Ok(())
    }

    async fn make_namespace(&mut self) -> Result<(), String> {
        let mut metadata = json!({"name": "{{ns}}"});
        if self.case.ns_labels.is_object() {
            metadata["labels"] = self.case.ns_labels.clone();
        }
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        let step = Step {
            method: "POST".into(),
            path: "/api/v1/namespaces".into(),
            body: Some(body),
            ..Step::default()
        };
        let answer = self.answer(&step).await?;
        if answer["status"] != 201 {
            return Err(format!("cannot create the namespace: {answer}"));
        }
        // As long as the real server's controllers took while the recordings were made.
        sleep(Duration::from_millis(50)).await;
        if self.case.sa {
            let path = "/api/v1/namespaces/{{ns}}/serviceaccounts/default".into();
            self.poll(&Step {
                method: "GET".into(),
                path,
                until: json!({"status": 200}),
                ..Step::default()
            })
            .await?;
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<Option<Value>, String> {
        if let Some(seconds) = step.sleep {
            sleep(Duration::from_secs_f64(seconds)).await;
            return Ok(None);
        }
        if step.hookreset.is_some() {
            self.hooks.reset(&self.unique);
            return Ok(None);
        }
        if let Some(count) = &step.hookreviews {
            let count = count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
            return Ok(Some(json!({"reviews": self.hooks.reviews(&self.unique, count)})));
        }
        if let Some(wanted) = &step.collect {
            return self.collect(step, wanted).await.map(Some);
        }
        if let Some(id) = &step.watch {
            let response = self.send(step).await?;
            if response.status() != 200 || id.is_empty() {
                return self.pack(response).await.map(Some);
            }
            let content_type = header_text(&response, "content-type");
            self.watches.insert(
                id.clone(),
                Stream {
                    body: response.into_body(),
                    rest: vec![],
                    ended: false,
                },
            );
            return Ok(Some(json!({"status": 200, "contentType": content_type})));
        }
        let answer = if step.until.is_null() {
            self.answer(step).await?
        } else {
            self.poll(step).await?
        };
        if step.setup && answer["status"].as_u64().unwrap_or(0) >= 400 {
            return Err(format!("setup failed: {answer}"));
        }
        for (name, path) in &step.capture {
            let value = pick(&answer["body"], path);
            if value.is_null() && step.optional.is_null() {
                return Err(format!("cannot capture {name} from {answer}"));
            }
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text = if name.starts_with("b64_") {
                String::from_utf8(STANDARD.decode(&text).map_err(|e| e.to_string())?).map_err(|e| e.to_string())?
            } else {
                text
            };
            self.variables.insert(name.clone(), text);
        }
        Ok((!step.setup).then_some(answer))
    }

    async fn poll(&mut self, step: &Step) -> Result<Value, String> {
        let end = Instant::now() + Duration::from_secs_f64(step.timeout.unwrap_or(30.0));
        loop {
            let answer = self.answer(step).await?;
            if self.satisfied(&step.until, &answer) {
                if let Some(seconds) = step.settle {
                    sleep(Duration::from_secs_f64(seconds)).await;
                    return self.answer(step).await;
                }
                return Ok(answer);
            }
            if Instant::now() > end {
                return Err(format!("not {} in time; last: {}", step.until, answer["body"]));
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn satisfied(&self, until: &Value, answer: &Value) -> bool {
        let conditions = until.as_array().cloned().unwrap_or_else(|| vec![until.clone()]);
        conditions.iter().all(|condition| {
            let condition = self.fill(condition);
            let status = condition.get("status").is_none_or(|s| *s == answer["status"]);
            let Some(path) = condition["path"].as_str() else { return status };
            let value = pick(&answer["body"], path);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            status
                && condition.get("equals").is_none_or(|wanted| *wanted == value)
                && condition["exists"].as_bool().is_none_or(|wanted| wanted != value.is_null())
                && condition["contains"].as_str().is_none_or(|wanted| text.contains(wanted))
        })
    }

    /// Puts variables in.
    fn fill(&self, value: &Value) -> Value {
        if let Some(name) = value.as_str().and_then(|t| t.strip_prefix("{{")?.strip_suffix(":int}}"))
            && let Some(number) = self.variables.get(name).and_then(|v| v.parse::<i64>().ok())
        {
            return number.into();
        }
        match value {
            Value::Array(list) => list.iter().map(|v| self.fill(v)).collect(),
            Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (self.fill_text(k), self.fill(v))).collect()),
            other => map_texts(other, &mut |text| self.fill_text(text)),
        }
    }

    fn fill_text(&self, text: &str) -> String {
        self.variables.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        })
    }

    async fn answer(&mut self, step: &Step) -> Result<Value, String> {
        let response = self.send(step).await?;
        self.pack(response).await
    }

    async fn send(&mut self, step: &Step) -> Result<Response<Body>, String> {
        let mut headers: Map<String, Value> = Map::new();
        headers.insert("accept".into(), "application/json".into());
        headers.insert("user-agent".into(), "golden/1.0".into());
        headers.insert("host".into(), "kubernetes.default.svc:443".into());
        let mut body = Bytes::new();
        if let Some(value) = &step.body {
            body = self.fill(value).to_string().into();
            headers.insert("content-type".into(), "application/json".into());
        } else if let Some(text) = &step.text {
            body = self.fill_text(text).into();
            headers.insert("content-type".into(), "application/json".into());
        } else if let Some(packed) = &step.b64 {
            body = replace(
                &STANDARD.decode(packed).unwrap(),
                RECORDED_NAMESPACE.as_bytes(),
                self.variables["ns"].as_bytes(),
            )
            .into();
            headers.insert("content-type".into(), "application/vnd.kubernetes.protobuf".into());
        }
        for (name, value) in &step.headers {
            headers.insert(name.to_lowercase(), self.fill_text(value).into());
        }
        let mut certificate = None;
        let service: ApiService = match self.fill(&step.auth) {
            Value::Null => self.cluster.admin_service(),
            Value::String(_) => self.cluster.service(),
            auth if auth["token"].is_string() => {
                headers.insert("authorization".into(), format!("Bearer {}", auth["token"].as_str().unwrap()).into());
                self.cluster.service()
            }
            auth => {
                let text = |field: &str| auth[field].as_str().unwrap_or_default().to_owned();
                certificate = Some(KeyPair {
                    cert_pem: text("cert"),
                    key_pem: text("key"),
                });
                self.cluster.service()
            }
        };
        let mut path = escape(&self.fill_text(&step.path));
        let query = match self.fill(&step.query) {
            Value::String(text) => text,
            Value::Object(map) => encode(&map),
            _ => String::new(),
        };
        if !query.is_empty() {
            path = format!("{path}?{query}");
        }
        let mut request = Request::builder()
            .method(step.method.as_str())
            .uri(path)
            .body(Full::new(body))
            .map_err(|e| e.to_string())?;
        for (name, value) in headers {
            let value = value.as_str().unwrap();
            if !value.is_empty() {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                request
                    .headers_mut()
                    .insert(name, HeaderValue::from_str(value).map_err(|e| e.to_string())?);
            }
        }
        if let Some(pair) = certificate {
            return over_tls(self.host, &self.cluster.ca_pem(), pair, request).await;
        }
        match service.oneshot(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }

    async fn pack(&self, response: Response<Body>) -> Result<Value, String> {
        let content_type = header_text(&response, "content-type");
        let mut answer = json!({"status": response.status().as_u16(), "contentType": content_type});
        let warnings: Vec<Value> = response
            .headers()
            .get_all(header::WARNING)
            .iter()
            .map(|w| warning(w.to_str().unwrap()))
            .collect();
        if !warnings.is_empty() {
            answer["warnings"] = warnings.into();
        }
        for name in ["Retry-After", "Location", "Allow", "WWW-Authenticate"] {
            let value = header_text(&response, name);
            if !value.is_empty() {
                answer[name] = value.into();
            }
        }
        let bytes = response.into_body().collect().await.map_err(|e| e.to_string())?.to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if content_type.contains("json") || (content_type.starts_with("text/") && text.starts_with('{')) {
            answer["body"] = serde_json::from_slice(&bytes).unwrap_or_else(|_| text.into());
        } else if content_type.starts_with("text/") {
            answer["body"] = text.into();
        } else if !bytes.is_empty() {
            answer["magic"] = text.chars().take(4).collect::<String>().into();
        }
        Ok(answer)
    }

    async fn collect(&mut self, step: &Step, wanted: &Value) -> Result<Value, String> {
        let id = step.watch.clone().unwrap_or_default();
        let stream = self.watches.get_mut(&id).ok_or("no such watch")?;
        let end = Instant::now() + Duration::from_secs_f64(step.seconds.unwrap_or(10.0));
        let mut events = vec![];
        while wanted.as_u64().is_none_or(|n| (events.len() as u64) < n) && !stream.ended {
            match timeout_at(end, stream.next()).await {
                Err(_) => break,
                Ok(None) => stream.ended = true,
                Ok(Some(event)) if event["type"] == "BOOKMARK" && !step.bookmarks => {}
                Ok(Some(event)) => events.push(event),
            }
        }
        let mut answer = json!({"events": events});
        if step.end {
            answer["ended"] = stream.ended.into();
        }
        Ok(answer)
    }
}

/// Sends a request as somebody who shows a client certificate.
async fn over_tls(host: &Host, ca: &str, client: KeyPair, request: Request<Full<Bytes>>) -> Result<Response<Body>, String> {
    let access = Access {
        server: format!("https://127.0.0.1:{API_PORT}"),
        ca_pem: ca.to_owned(),
        token: None,
        client: Some(client),
    };
    let service = AccessService::new(host, &access).map_err(|e| e.to_string())?;
    let response = service.oneshot(request).await.map_err(|e| e.to_string())?;
    Ok(response.map(|body| body.map_err(std::io::Error::other).boxed_unsync()))
}

/// Lines of a watch.
struct Stream {
    body: Body,
    rest: Vec<u8>,
    ended: bool,
}

impl Stream {
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return serde_json::from_slice(&line).ok();
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.rest.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default()),
                _ if self.rest.is_empty() => return None,
                _ => {
                    let line = std::mem::take(&mut self.rest);
                    return serde_json::from_slice(&line).ok();
                }
            }
        }
    }
}

fn header_text(response: &Response<Body>, name: &str) -> String {
    response
        .headers()
        .get(name)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

/// The text of a `Warning: 299 - "text"` header.
fn warning(value: &str) -> Value {
    let quoted = value.splitn(3, ' ').nth(2).unwrap_or_default();
    let text = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(quoted);
    text.replace("\\\"", "\"").replace("\\\\", "\\").into()
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut i = 0;
    while i + from.len() <= out.len() {
        if out[i..i + from.len()] == *from {
            out[i..i + from.len()].copy_from_slice(to);
        }
        i += 1;
    }
    out
}

/// A path with blanks and other special letters escaped.
fn escape(path: &str) -> String {
    path.chars()
        .map(|c| if c == ' ' { "%20".to_owned() } else { c.to_string() })
        .collect()
}

fn encode(map: &Map<String, Value>) -> String {
    let quote = |text: &str| -> String {
        text.bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect()
    };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut pairs = vec![];
    for (key, value) in map {
        match value {
            Value::Array(list) => pairs.extend(list.iter().map(|v| format!("{}={}", quote(key), quote(&text(v))))),
            value => pairs.push(format!("{}={}", quote(key), quote(&text(value)))),
        }
    }
    pairs.join("&")
}
