//! The way out: directly, or through the proxy of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::causes::causes;
use futures::future::BoxFuture;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::Service;

/// Connects as the environment says.
#[derive(Clone, Debug)]
pub(super) struct WayOut {
    proxies: Arc<Matcher>,
    direct: HttpConnector,
}

impl WayOut {
    pub(super) fn from_env() -> Self {
        let mut direct = HttpConnector::new();
        // Addresses of `https` go through here, too.
        direct.enforce_http(false);
        Self {
            proxies: Arc::new(Matcher::from_env()),
            direct,
        }
    }

    /// What the proxy of a request without TLS wants to know: such a request tells it itself.
    pub(super) fn authorization(&self, uri: &Uri) -> Option<HeaderValue> {
        let plain = uri.scheme() == Some(&http::uri::Scheme::HTTP);
        let proxy = self.proxy(uri).filter(|_| plain)?;
        proxy.basic_auth().cloned()
    }

    /// The proxy for an address. As in Go, none for this machine.
    fn proxy(&self, uri: &Uri) -> Option<Intercept> {
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if here { None } else { self.proxies.intercept(uri) }
    }
}

type Failed = Box<dyn Error + Send + Sync>;

impl Service<Uri> for WayOut {
    type Response = Wire;
    type Error = Failed;
    type Future = BoxFuture<'static, Result<Wire, Failed>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        self.direct.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let mut direct = self.direct.clone();
        let Some(proxy) = self.proxy(&uri) else {
            return Box::pin(async move { Ok(Wire::new(direct.call(uri).await?, false)) });
        };
        let address = proxy.uri().clone();
        Box::pin(async move {
            let named = |error: Failed| Failed::from(format!("proxy {address}: {}", causes(error.as_ref())));
            if uri.scheme() == Some(&http::uri::Scheme::HTTP) {
                let wire = direct.call(address.clone()).await.map_err(|error| named(error.into()))?;
                return Ok(Wire::new(wire, true));
            }
            let mut tunnel = Tunnel::new(address.clone(), direct);
            if let Some(auth) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(auth.clone());
            }
            let wire = tunnel.call(uri).await.map_err(|error| named(error.into()))?;
            Ok(Wire::new(wire, false))
        })
    }
}

/// A connection that knows whether a proxy reads its requests.
pub(super) struct Wire {
    stream: TokioIo<TcpStream>,
    proxied: bool,
}

impl Wire {
    fn new(stream: TokioIo<TcpStream>, proxied: bool) -> Self {
        Self { stream, proxied }
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.proxied)
    }
}

impl Read for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
