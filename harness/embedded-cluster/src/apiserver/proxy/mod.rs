//! `proxy` below a pod, a Service or a node: a request goes on to what is named there, and its answer comes back.
//!
//! The programs behind see the path and the query, the body and the headers, but not who asked: credentials stay here.

mod place;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use super::connect::{self, Upgrade};
use super::{ApiServer, Request};
use crate::admission::{self, Attempt};
use crate::kinds::Kind;
use crate::status::Status;
use crate::value::json;
use place::Place;

/// Headers of one connection, which do not go on (RFC 9110, 7.6.1), and what says who asked.
const KEPT_BACK: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::CONTENT_LENGTH,
];

/// What goes on: an HTTP request without its own address.
pub(crate) struct Onward {
    pub(crate) method: Method,
    /// Path and query behind `proxy`.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Sends a request on.
///
/// # Errors
/// What is wrong with the place, and 503 where nobody answers there.
pub(crate) async fn forward(server: &Arc<ApiServer>, request: Request, onward: Onward) -> Result<Response<Incoming>, Status> {
    server.disturbances.check(&request)?;
    server.authorizer.check(&server.store, &request.identity, &request.attributes())?;
    let kind = server.served(&request)?;
    let mut options = json!({"path": onward.path.split('?').next().unwrap_or_default()});
    let part = Kind::part("", "v1", place::options(kind.resource.plural()));
    let mut warnings = Vec::new();
    let mut attempt = Attempt::answered(server, &kind, Some(&part), &request, &mut options, &mut warnings);
    attempt.connects = true;
    admission::submit(&mut attempt).await?;
    let place = Place::find(server, &request.target)?;
    send(server, &place, onward, request.upgrade).await
}

async fn send(server: &ApiServer, place: &Place, onward: Onward, upgrade: Option<Upgrade>) -> Result<Response<Incoming>, Status> {
    let failed = |why: &dyn std::fmt::Display| Status::service_unavailable(format!("error trying to reach service: {why}"));
    let Some(host) = &server.host else {
        return Err(failed(&"the cluster is on no network"));
    };
    let stream = host.connect(&place.address, place.port).await.map_err(|error| failed(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    // Ends with the stream that it carries.
    tokio::spawn(connection.with_upgrades());
    let mut going = http::Request::builder()
        .method(onward.method)
        .uri(onward.path)
        .body(Full::new(onward.body))
        .map_err(Status::internal)?;
    *going.headers_mut() = headers(onward.headers, upgrade.as_ref());
    let mut response = sender.send_request(going).await.map_err(|error| failed(&error))?;
    if let Some(upgrade) = upgrade
        && response.status() == StatusCode::SWITCHING_PROTOCOLS
    {
        let there = hyper::upgrade::on(&mut response);
        tokio::spawn(connect::join(upgrade.connection, there));
    }
    Ok(response)
}

fn headers(mut headers: HeaderMap, upgrade: Option<&Upgrade>) -> HeaderMap {
    for name in KEPT_BACK {
        headers.remove(name);
    }
    if let Some(host) = headers.get(header::HOST).cloned() {
        headers.insert("x-forwarded-host", host);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    for (name, value) in upgrade.iter().flat_map(|upgrade| &upgrade.headers) {
        headers.insert(name.clone(), value.clone());
    }
    headers
}
