//! Opens connections.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::uri::{Scheme, Uri};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tower::Service;

use super::stream::{HttpStream, Transport};
use crate::host::Host;

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
            return Ok(HttpStream::new(Transport::Plain(stream)));
        }
        let config = self.tls.clone().ok_or_else(|| invalid(format!("{uri}: no TLS configuration")))?;
        let server = ServerName::try_from(name.to_owned()).map_err(|error| invalid(format!("{name}: {error}")))?;
        let stream = TlsConnector::from(config).connect(server, stream).await?;
        Ok(HttpStream::new(Transport::Tls(Box::new(stream))))
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
