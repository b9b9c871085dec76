//! One request over HTTP/1.1, and its answer.

use std::io;
use std::sync::Arc;

use ::http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use rustls::ClientConfig;
use simnet::http::Connector;
use simnet::tls;

use crate::program::ContainerContext;

/// Why there is no answer.
pub(super) enum Failed {
    /// The name does not resolve.
    Name,
    /// Nobody is there.
    Connect(String),
    /// The server's certificate is not trusted, or there is no TLS.
    Tls(String),
    /// It broke off.
    Broken(String),
    /// The request cannot be made of what was given.
    Invalid(String),
}

/// What is asked.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) url: Uri,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
    pub(super) agent: &'static str,
}

/// Whose certificates are trusted.
pub(super) enum Trust {
    Anybody,
    /// Those of the system.
    System,
    /// These, as PEM.
    Authorities(String),
}

/// A URL, for which `http` need not be said.
pub(super) fn url(text: &str) -> Option<Uri> {
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let url: Uri = text.parse().ok()?;
    (url.host().is_some() && matches!(url.scheme_str(), Some("http" | "https"))).then_some(url)
}

/// The URL that a `Location` leads to.
pub(super) fn followed(from: &Uri, answer: &Response<Bytes>) -> Option<Uri> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let to = answer.headers().get(header::LOCATION)?.to_str().ok()?;
    if to.starts_with('/') {
        return format!("{}://{}{to}", from.scheme_str()?, from.authority()?).parse().ok();
    }
    url(to)
}

/// The port that a URL leads to.
pub(super) fn port(url: &Uri) -> u16 {
    url.port_u16().unwrap_or(if url.scheme_str() == Some("https") { 443 } else { 80 })
}

fn config(context: &ContainerContext, trust: &Trust) -> Result<Arc<ClientConfig>, Failed> {
    let clock = context.host.clock();
    let made = match trust {
        Trust::Anybody => {
            return crate::pod::trusting_any()
                .map(Arc::new)
                .map_err(|error| Failed::Tls(error.to_string()));
        }
        Trust::System if context.trust.trim().is_empty() => tls::client_config_without_authorities(&[], clock),
        Trust::System => tls::client_config(&context.trust, None, &[], clock),
        Trust::Authorities(pem) => tls::client_config(pem, None, &[], clock),
    };
    made.map_err(|error| Failed::Tls(error.to_string()))
}

/// Sends a request and reads the whole answer.
pub(super) async fn ask(context: &ContainerContext, asked: &Asked, trust: &Trust) -> Result<Response<Bytes>, Failed> {
    let secure = asked.url.scheme_str() == Some("https");
    let tls = if secure { Some(config(context, trust)?) } else { None };
    let connected = Connector::new(context.host.clone(), tls).connect(&asked.url).await;
    let stream = connected.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failed::Name,
        io::ErrorKind::ConnectionRefused | io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable => Failed::Connect(error.to_string()),
        _ if secure => Failed::Tls(error.to_string()),
        _ => Failed::Connect(error.to_string()),
    })?;
    let request = request(asked).map_err(|error| Failed::Invalid(error.to_string()))?;
    let broken = |error: hyper::Error| Failed::Broken(error.to_string());
    let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
    let answer = async {
        let answer = sender.send_request(request).await.map_err(broken)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(broken)?.to_bytes();
        Ok(Response::from_parts(head, body))
    };
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // A server that closes at once, however roughly, may have answered before.
        closed = connection => match (answer.await, closed) {
            (Err(_), Err(error)) => Err(broken(error)),
            (answer, _) => answer,
        },
    }
}

fn request(asked: &Asked) -> Result<Request<Full<Bytes>>, ::http::Error> {
    let target = asked.url.path_and_query().map_or("/", |target| target.as_str());
    let mut request = Request::builder()
        .method(asked.method.clone())
        .uri(target)
        .body(Full::new(asked.body.clone()))?;
    let headers = request.headers_mut();
    let default_port = asked.url.port_u16().is_none();
    let host = asked.url.host().unwrap_or_default();
    let host = if default_port {
        host.to_owned()
    } else {
        format!("{host}:{}", port(&asked.url))
    };
    headers.insert(header::HOST, HeaderValue::from_str(&host)?);
    headers.insert(header::USER_AGENT, HeaderValue::from_static(asked.agent));
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    for (name, value) in &asked.headers {
        headers.insert(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
    }
    Ok(request)
}
