//! Paths that are no resources: health, version, discovery, OpenAPI, keys.

use crate::value::{Value, json};
use http::request::Parts;
use http::{Method, Response, header};

use super::respond::{self, ResponseBody};
use super::{discovery, openapi};
use crate::apiserver::ApiServer;
use crate::status::Status;

/// Answers a path.
pub(super) fn answer(server: &ApiServer, parts: &Parts, path: &str, query: &str) -> Result<Response<ResponseBody>, Status> {
    let steps: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    match steps.as_slice() {
        [] => Ok(json(&json!({"paths": paths(server)}))),
        ["healthz" | "livez" | "readyz"] => Ok(text(200, "ok")),
        ["healthz" | "livez" | "readyz", "ping" | "log" | "etcd"] => Ok(text(200, "ok")),
        ["metrics"] => Ok(respond::typed(200, "text/plain; version=0.0.4; charset=utf-8", respond::empty())),
        ["version"] => Ok(json(&version())),
        ["api"] | ["api", _] | ["apis", _, _] if parts.method != Method::GET && parts.method != Method::HEAD => {
            let found = discovery::answer(server, parts, &steps)?;
            if found.status().is_success() {
                return Err(Status::verb_not_allowed());
            }
            Ok(found)
        }
        ["api" | "apis", ..] => discovery::answer(server, parts, &steps),
        ["openapi", "v2"] => openapi::v2::answer(server, parts),
        ["openapi", "v3", rest @ ..] => openapi::answer(server, rest, query),
        [".well-known", "openid-configuration"] => Ok(public(json(&json!({
            "issuer": server.tokens.issuer(),
            "jwks_uri": format!("{}/openid/v1/jwks", server.tokens.issuer().trim_end_matches('/')),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        })))),
        ["openid", "v1", "jwks"] => keys(server, parts),
        _ => Ok(not_found()),
    }
}

/// The answer where nobody serves a path.
pub(super) fn not_found() -> Response<ResponseBody> {
    text(404, "404 page not found\n")
}

fn keys(server: &ApiServer, parts: &Parts) -> Result<Response<ResponseBody>, Status> {
    let accept = parts.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or("*/*");
    if !["*/*", "application/jwk-set+json", "application/*"]
        .iter()
        .any(|offered| accept.contains(offered))
    {
        return Ok(text(406, "Not Acceptable\n"));
    }
    let keys = respond::full(server.tokens.key_set().to_string());
    Ok(public(respond::typed(200, "application/jwk-set+json", keys)))
}

/// Relying parties may keep what an issuer says about itself for an hour.
fn public(mut response: Response<ResponseBody>) -> Response<ResponseBody> {
    let hour = header::HeaderValue::from_static("public, max-age=3600");
    response.headers_mut().insert(header::CACHE_CONTROL, hour);
    response
}

pub(super) fn json(value: &Value) -> Response<ResponseBody> {
    respond::typed(200, "application/json", respond::full(value.to_string()))
}

fn text(code: u16, text: &'static str) -> Response<ResponseBody> {
    respond::typed(code, "text/plain; charset=utf-8", respond::full(text))
}

/// The version that this server is like.
fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": "v1.36.2", "gitCommit": "", "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "", "compiler": "rustc", "platform": "multiplane/embedded",
        "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1", "minCompatibilityMinor": "35",
    })
}

fn paths(server: &ApiServer) -> Vec<String> {
    let mut paths: Vec<String> = [
        "/.well-known/openid-configuration",
        "/api",
        "/api/v1",
        "/apis",
        "/healthz",
        "/livez",
        "/metrics",
    ]
    .iter()
    .chain(&["/openapi/v2", "/openapi/v3", "/openid/v1/jwks", "/readyz", "/version"])
    .map(|p| (*p).to_owned())
    .collect();
    for (group, versions) in discovery::groups(server) {
        if !group.is_empty() {
            paths.extend(versions.iter().map(|v| format!("/apis/{group}/{v}")));
            paths.push(format!("/apis/{group}"));
        }
    }
    paths.sort();
    paths
}
