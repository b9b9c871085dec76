//! Passing a request on to a Service.

use std::error::Error;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, Request, Response, Uri, Version, header};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use simnet::{Host, Stream};

use crate::program::Tasks;

/// Headers that speak of one connection only.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// A Service's port, and how to speak to it.
pub(super) struct Upstream {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) http2: bool,
}

impl Upstream {
    /// Sends a request over a connection of its own; the answer's body streams.
    pub(super) async fn send(&self, host: &Host, tasks: &Tasks, request: Request<Incoming>) -> Result<Response<Incoming>, BoxError> {
        let stream = host.connect(&self.name, self.port).await?;
        let mut response = if self.http2 {
            self.over_http2(stream, tasks, request).await?
        } else {
            self.over_http1(stream, tasks, request).await?
        };
        clean(response.headers_mut());
        Ok(response)
    }

    async fn over_http1(&self, stream: Stream, tasks: &Tasks, mut request: Request<Incoming>) -> Result<Response<Incoming>, BoxError> {
        let authority = request.uri().authority().cloned();
        if let Some(authority) = authority {
            let host = http::HeaderValue::from_str(authority.as_str())?;
            request.headers_mut().entry(header::HOST).or_insert(host);
        }
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = Uri::from(path.unwrap_or(PathAndQuery::from_static("/")));
        *request.version_mut() = Version::HTTP_11;
        clean(request.headers_mut());
        request.headers_mut().remove(header::TE);
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tasks.spawn(async move { connection.await.map_err(told) });
        Ok(sender.send_request(request).await?)
    }

    async fn over_http2(&self, stream: Stream, tasks: &Tasks, mut request: Request<Incoming>) -> Result<Response<Incoming>, BoxError> {
        let given = request.headers_mut().remove(header::HOST);
        let mut parts = request.uri().clone().into_parts();
        if parts.authority.is_none() {
            let given = given.as_ref().and_then(|host| host.to_str().ok()).unwrap_or(&self.name);
            parts.authority = Some(given.parse::<Authority>()?);
        }
        parts.scheme = Some(Scheme::HTTP);
        *request.uri_mut() = Uri::from_parts(parts)?;
        *request.version_mut() = Version::HTTP_2;
        clean(request.headers_mut());
        let (mut sender, connection) = http2::handshake(tasks.clone(), TokioIo::new(stream)).await?;
        tasks.spawn(async move { connection.await.map_err(told) });
        Ok(sender.send_request(request).await?)
    }
}

fn clean(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

fn told(error: hyper::Error) {
    tracing::debug!(%error, "connection to a backend");
}
