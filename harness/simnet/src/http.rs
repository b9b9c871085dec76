//! HTTP clients that go over a [`Host`]: a connector for hyper and tonic, and a service that `kube::Client::new` takes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::uri::{InvalidUri, Scheme, Uri};
use http::{HeaderValue, Request, Response, header};
use http_body::Body;
use hyper::body::Incoming;
use hyper::rt::ReadBufCursor;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use thiserror::Error as ThisError;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::Service;

use crate::host::Host;
use crate::stream::Stream;
use crate::tls::{KeyPair, TlsError, client_config};

/// Opens connections from a host: plain for `http`, TLS for `https` URIs.
#[derive(Clone)]
pub struct Connector {
    host: Host,
    tls: Option<Arc<ClientConfig>>,
}

impl Connector {
    /// Connections from `host`; `tls` is needed for `https` URIs.
    pub fn new(host: Host, tls: Option<Arc<ClientConfig>>) -> Self {
        Self { host, tls }
    }

    /// Connects to a URI's host and port.
    ///
    /// # Errors
    /// As [`Host::connect`], or the TLS handshake's; `InvalidInput` if the URI names no host or needs TLS that was not given.
    pub async fn connect(&self, uri: &Uri) -> io::Result<HttpStream> {
        let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        let name = uri
            .host()
            .ok_or_else(|| invalid(format!("{uri}: no host in request URL")))?
            .trim_matches(['[', ']']);
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let stream = self.host.connect(name, port).await?;
        if !secure {
            return Ok(HttpStream(TokioIo::new(Transport::Plain(stream))));
        }
        let config = self.tls.clone().ok_or_else(|| invalid(format!("{uri}: no TLS configuration")))?;
        let server = ServerName::try_from(name.to_owned()).map_err(|error| invalid(format!("{name}: {error}")))?;
        let stream = TlsConnector::from(config).connect(server, stream).await?;
        Ok(HttpStream(TokioIo::new(Transport::Tls(Box::new(stream)))))
    }
}

impl Service<Uri> for Connector {
    type Response = HttpStream;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<HttpStream>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        async move { connector.connect(&uri).await }.boxed()
    }
}

/// A connection as hyper wants it.
pub struct HttpStream(TokioIo<Transport>);

enum Transport {
    Plain(Stream),
    Tls(Box<TlsStream<Stream>>),
}

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

/// Why a request could not be made or answered.
#[derive(Debug, ThisError)]
pub enum HttpError {
    /// The server's URL cannot be read.
    #[error("{0}: {1}")]
    Url(String, InvalidUri),
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The token cannot stand in a header. The text is that of Go's client.
    #[error("net/http: invalid header field value for \"Authorization\"")]
    Token,
    /// The request could not be put together.
    #[error(transparent)]
    Request(#[from] http::Error),
    /// The server's name does not resolve.
    #[error("{0}")]
    NoSuchHost(String),
    /// Nothing listens there, or nothing stands behind the name.
    #[error("{0}")]
    Refused(String),
    /// No answer in time.
    #[error("{0}")]
    TimedOut(String),
    /// The server's certificate is not to be trusted. The text is that of Go's client.
    #[error("tls: failed to verify certificate: x509: {0}")]
    Certificate(String),
    /// The connection broke.
    #[error("{0}")]
    Transport(String),
}

impl HttpError {
    /// Finds the innermost cause: hyper's own message says only that sending failed.
    fn from_cause(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut cause = error;
        let mut kind = None;
        loop {
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                kind = Some(io.kind());
            }
            if let Some(rustls::Error::InvalidCertificate(fault)) = cause.downcast_ref() {
                return Self::Certificate(certificate_fault(fault));
            }
            // An io::Error shows what it wraps only this way.
            let wrapped = cause
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref)
                .map(|inner| inner as &(dyn std::error::Error + 'static));
            match wrapped.or_else(|| cause.source()) {
                Some(inner) => cause = inner,
                None => break,
            }
        }
        let text = cause.to_string();
        match kind {
            Some(io::ErrorKind::NotFound) => Self::NoSuchHost(text),
            Some(io::ErrorKind::ConnectionRefused) => Self::Refused(text),
            Some(io::ErrorKind::TimedOut) => Self::TimedOut(text),
            _ => Self::Transport(text),
        }
    }
}

/// Go's words for what is wrong with a certificate.
fn certificate_fault(fault: &CertificateError) -> String {
    match fault {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => "certificate signed by unknown authority".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate has expired or is not yet valid".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "certificate has expired or is not yet valid".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let presented: Vec<&str> = presented
                .iter()
                .map(|name| name.trim_start_matches("DnsName(\"").trim_end_matches("\")"))
                .collect();
            format!("certificate is valid for {}, not {}", presented.join(", "), expected.to_str())
        }
        other => other.to_string(),
    }
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

impl Connection for HttpStream {
    fn connected(&self) -> Connected {
        let connected = Connected::new();
        match self.0.inner() {
            Transport::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => connected.negotiated_h2(),
            _ => connected,
        }
    }
}

impl hyper::rt::Read for HttpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl hyper::rt::Write for HttpStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}

mod transport {
    //! Plain or encrypted bytes, as tokio wants them.

    use super::{Context, Pin, Poll, Transport, io};
    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    macro_rules! delegate {
        ($self:ident, $method:ident $(, $argument:expr)*) => {
            match $self.get_mut() {
                Transport::Plain(stream) => Pin::new(stream).$method($($argument),*),
                Transport::Tls(stream) => Pin::new(stream.as_mut()).$method($($argument),*),
            }
        };
    }

    impl AsyncRead for Transport {
        fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            delegate!(self, poll_read, cx, buf)
        }
    }

    impl AsyncWrite for Transport {
        fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            delegate!(self, poll_write, cx, bytes)
        }

        fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            delegate!(self, poll_flush, cx)
        }

        fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            delegate!(self, poll_shutdown, cx)
        }
    }
}
