//! An API server's address with credentials, as an HTTP client.

use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::uri::{Scheme, Uri};
use http::{HeaderValue, Request, Response, header};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::Service;

use super::connector::Connector;
use super::error::HttpError;
use crate::host::Host;
use crate::tls::{KeyPair, client_config};

/// How to reach an API server, and as whom.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Where the server is, e.g. `https://dataplane-1.multiplane.test:443`.
    pub server: String,
    /// The authorities to trust, PEM. Empty only with an `http` server.
    pub ca_pem: String,
    /// A bearer token, sent as it is: a line break in it is an error of every request.
    pub token: Option<String>,
    /// A client certificate.
    pub client: Option<KeyPair>,
}

/// An HTTP client with an API server's address and credentials: `kube::Client::new(service, namespace)` takes it.
pub struct AccessService<B> {
    client: Client<Connector, B>,
    server: Uri,
    authorization: Option<String>,
}

impl<B> Clone for AccessService<B> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            server: self.server.clone(),
            authorization: self.authorization.clone(),
        }
    }
}

impl<B> AccessService<B>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// A client from `host` with this access. Nothing is connected yet.
    ///
    /// # Errors
    /// If the URL or the certificates cannot be read.
    pub fn new(host: &Host, access: &Access) -> Result<Self, HttpError> {
        let server: Uri = access
            .server
            .parse()
            .map_err(|error| HttpError::Url(access.server.clone(), error))?;
        let tls = match server.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => {
                Some(client_config(&access.ca_pem, access.client.as_ref(), &["http/1.1"], host.clock())?)
            }
            _ => None,
        };
        let client = Client::builder(TokioExecutor::new()).build(Connector::new(host.clone(), tls));
        Ok(Self {
            client,
            server,
            authorization: access.token.as_ref().map(|token| format!("Bearer {token}")),
        })
    }

    fn prepare(&self, mut request: Request<B>) -> Result<Request<B>, HttpError> {
        let mut parts = self.server.clone().into_parts();
        parts.path_and_query = request.uri().path_and_query().cloned();
        *request.uri_mut() = Uri::from_parts(parts).map_err(http::Error::from)?;
        if let Some(value) = &self.authorization {
            let mut value = HeaderValue::from_str(value).map_err(|_| HttpError::Token)?;
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        Ok(request)
    }
}

impl<B> Service<Request<B>> for AccessService<B>
where
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Incoming>;
    type Error = HttpError;
    type Future = BoxFuture<'static, Result<Response<Incoming>, HttpError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let prepared = self.prepare(request);
        let client = self.client.clone();
        async move { client.request(prepared?).await.map_err(|error| HttpError::from_cause(&error)) }.boxed()
    }
}
