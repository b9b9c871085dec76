//! Passing a request on to a Service.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, Request, Response, Uri, Version, header};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioIo;
use simnet::Host;

use crate::program::Tasks;
use crate::service::Tables;

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

/// Connections to the endpoints behind Services.
pub(super) struct Backends {
    pub(super) host: Host,
    pub(super) services: Arc<Tables>,
    pub(super) tasks: Tasks,
    /// Open HTTP/2 connections. All requests to an endpoint share one, as with the controllers in use.
    http2: Mutex<HashMap<(String, u16), http2::SendRequest<Incoming>>>,
}

impl Backends {
    pub(super) fn new(host: Host, services: Arc<Tables>, tasks: Tasks) -> Self {
        Self {
            host,
            services,
            tasks,
            http2: Mutex::default(),
        }
    }

    /// Sends a request to the endpoint whose turn it is; the answer's body streams.
    pub(super) async fn send(&self, upstream: &Upstream, request: Request<Incoming>) -> Result<Response<Incoming>, BoxError> {
        let targets = self.services.resolve(&upstream.name, upstream.port).unwrap_or_default();
        let target = targets.into_iter().next().ok_or("no endpoints")?;
        let mut response = if upstream.http2 {
            let mut connection = self.http2(target).await?;
            connection.send_request(for_http2(request, &upstream.name)?).await?
        } else {
            let mut connection = self.http1(&target).await?;
            connection.send_request(for_http1(request)?).await?
        };
        clean(response.headers_mut());
        Ok(response)
    }

    async fn http1(&self, target: &(String, u16)) -> Result<http1::SendRequest<Incoming>, BoxError> {
        let stream = self.host.connect(&target.0, target.1).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        self.tasks.spawn(async move { connection.await.map_err(told) });
        Ok(sender)
    }

    async fn http2(&self, target: (String, u16)) -> Result<http2::SendRequest<Incoming>, BoxError> {
        let open = self.connections().get(&target).cloned();
        if let Some(mut open) = open
            && open.ready().await.is_ok()
        {
            return Ok(open);
        }
        let stream = self.host.connect(&target.0, target.1).await?;
        let (sender, connection) = http2::handshake(self.tasks.clone(), TokioIo::new(stream)).await?;
        self.tasks.spawn(async move { connection.await.map_err(told) });
        let mut connections = self.connections();
        connections.retain(|_, connection| !connection.is_closed());
        connections.insert(target, sender.clone());
        Ok(sender)
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<(String, u16), http2::SendRequest<Incoming>>> {
        self.http2.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn for_http1(mut request: Request<Incoming>) -> Result<Request<Incoming>, BoxError> {
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
    Ok(request)
}

/// `service`: the authority of a request that names none.
fn for_http2(mut request: Request<Incoming>, service: &str) -> Result<Request<Incoming>, BoxError> {
    let given = request.headers_mut().remove(header::HOST);
    let mut parts = request.uri().clone().into_parts();
    if parts.authority.is_none() {
        let given = given.as_ref().and_then(|host| host.to_str().ok()).unwrap_or(service);
        parts.authority = Some(given.parse::<Authority>()?);
    }
    parts.scheme = Some(Scheme::HTTP);
    *request.uri_mut() = Uri::from_parts(parts)?;
    *request.version_mut() = Version::HTTP_2;
    clean(request.headers_mut());
    Ok(request)
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
