//! A webhook that answers as the running case asks, on the cluster's own network.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use simnet::tls::{self, Authority};
use simnet::{Clock, Host, Listener};
use tokio_rustls::TlsAcceptor;

/// Where the webhook listens, on the API server's machine.
const PORT: u16 = 18443;

/// The webhook of one cluster.
pub(crate) struct Hooks {
    state: Arc<Mutex<State>>,
    authority: String,
}

#[derive(Default)]
struct State {
    /// What to answer, by the case's unique name, then by path.
    rules: BTreeMap<String, Value>,
    /// What was asked, by the case's unique name.
    log: BTreeMap<String, Vec<Value>>,
}

impl Hooks {
    /// Starts the webhook on `host`.
    pub(crate) async fn start(host: &Host, clock: &Clock) -> Self {
        let authority = Authority::new("hooks", clock).unwrap();
        let pair = authority.issue_server(&["127.0.0.1"]).unwrap();
        let config = tls::server_config(&pair, None, &["http/1.1"], clock).unwrap();
        let listener = host.listen(PORT).await.unwrap();
        let state: Arc<Mutex<State>> = Arc::default();
        tokio::spawn(serve(listener, TlsAcceptor::from(config), state.clone()));
        Self {
            state,
            authority: authority.pem().to_owned(),
        }
    }

    /// The variables of a case.
    pub(crate) fn variables(&self, unique: &str) -> [(String, String); 2] {
        [
            ("hookurl".to_owned(), format!("https://127.0.0.1:{PORT}/{unique}")),
            ("hookca".to_owned(), STANDARD.encode(&self.authority)),
        ]
    }

    pub(crate) fn rule(&self, unique: &str, rules: Value) {
        self.state.lock().unwrap().rules.insert(unique.to_owned(), rules);
    }

    pub(crate) fn reset(&self, unique: &str) {
        self.state.lock().unwrap().log.remove(unique);
    }

    /// What a case's webhook was asked first.
    pub(crate) fn reviews(&self, unique: &str, count: usize) -> Vec<Value> {
        let state = self.state.lock().unwrap();
        state.log.get(unique).into_iter().flatten().take(count).cloned().collect()
    }
}

async fn serve(mut listener: Listener, acceptor: TlsAcceptor, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), state.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| answer(state.clone(), request));
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let review: Value = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
    let (unique, name) = parts.uri.path()[1..].split_once('/').unwrap();
    let entry = json!({
        "path": format!("/{name}"),
        "contentType": parts.headers["content-type"].to_str().unwrap(),
        "review": review,
    });
    let rule = {
        let mut state = state.lock().unwrap();
        state.log.entry(unique.to_owned()).or_default().push(entry);
        state.rules.get(unique).map(|rules| rules[name].clone()).unwrap_or_default()
    };
    if let Some(seconds) = rule["delay"].as_f64() {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }
    let mut response = json!({"uid": review["request"]["uid"], "allowed": rule["allowed"].as_bool().unwrap_or(true)});
    for field in ["status", "warnings", "auditAnnotations"] {
        if let Some(value) = rule.get(field) {
            response[field] = value.clone();
        }
    }
    if let Some(patch) = rule.get("patch") {
        response["patchType"] = "JSONPatch".into();
        response["patch"] = STANDARD.encode(patch.to_string()).into();
    }
    let answer = json!({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response});
    let text = rule["raw"].as_str().map_or_else(|| answer.to_string(), str::to_owned);
    let code = rule["http"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(200);
    Ok(Response::builder()
        .status(code)
        .header("content-type", "application/json")
        .body(text.into())
        .unwrap())
}
