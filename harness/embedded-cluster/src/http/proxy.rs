//! Requests that go on to a pod, a Service or a node (`.../proxy/...`).

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::BodyExt;

use super::respond::{self, ResponseBody};
use crate::apiserver::proxy::{Onward, forward};
use crate::apiserver::{ApiServer, Body, Options, Request, Target, Upgrade, Verb};
use crate::auth::Identity;
use crate::status::Status;

/// Whether a request goes on.
pub(super) fn is_meant(target: &Target) -> bool {
    target.subresource.as_deref() == Some("proxy")
        && target.resource.group().is_empty()
        && ["pods", "services", "nodes"].contains(&target.resource.plural())
}

/// Sends a request on, and its answer back.
pub(super) async fn answer<F>(
    server: &Arc<ApiServer>,
    parts: Parts,
    target: Target,
    (identity, upgrade): (Arc<Identity>, Option<Upgrade>),
    body: impl FnOnce() -> F,
) -> Result<Response<ResponseBody>, Status>
where
    F: Future<Output = Result<Bytes, Status>>,
{
    let verb = match parts.method {
        Method::GET | Method::HEAD | Method::OPTIONS => Verb::Get,
        Method::POST => Verb::Create,
        Method::PUT => Verb::Update,
        Method::PATCH => Verb::Patch,
        Method::DELETE => Verb::Delete,
        _ => return Err(Status::verb_not_allowed()),
    };
    let mut path = behind(parts.uri.path(), if target.namespace.is_some() { 7 } else { 5 }).to_owned();
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let request = Request {
        identity,
        verb,
        target,
        options: Options::default(),
        body: Body::empty(),
        agent: String::new(),
        upgrade,
    };
    if path.is_empty() && [Method::GET, Method::HEAD].contains(&parts.method) {
        server.authorizer.check(&server.store, &request.identity, &request.attributes())?;
        return redirect(&format!("{}/{query}", parts.uri.path()));
    }
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    path.push_str(&query);
    let onward = Onward {
        method: parts.method,
        path,
        headers: parts.headers,
        body: body().await?,
    };
    let response = forward(server, request, onward).await?;
    Ok(response.map(|body| body.map_err(std::io::Error::other).boxed_unsync()))
}

/// What comes after a number of steps.
fn behind(path: &str, steps: usize) -> &str {
    let mut rest = path;
    for _ in 0..steps {
        rest = rest.trim_start_matches('/');
        rest = &rest[rest.find('/').unwrap_or(rest.len())..];
    }
    rest
}

/// Links of a page are relative to a folder.
fn redirect(to: &str) -> Result<Response<ResponseBody>, Status> {
    let mut response = Response::new(respond::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    let to = HeaderValue::from_str(to).map_err(Status::internal)?;
    response.headers_mut().insert(header::LOCATION, to);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("/api/v1/namespaces/a/pods/b/proxy", 7, "")]
    #[case("/api/v1/namespaces/a/pods/b/proxy/", 7, "/")]
    #[case("/api/v1/namespaces/a/services/http:b:80/proxy/x%2Fy//z/", 7, "/x%2Fy//z/")]
    #[case("/api/v1/nodes/n/proxy/healthz", 5, "/healthz")]
    fn paths(#[case] path: &str, #[case] steps: usize, #[case] expected: &str) {
        assert_eq!(behind(path, steps), expected);
    }
}
