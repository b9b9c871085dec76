//! Starting an ingress controller.

use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use kube::{Api, Client};
use rustls::ServerConfig;
use simnet::{Host, Listener, Network};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::DropGuard;

use super::backend::Backends;
use super::proxy::Proxy;
use super::status;
use crate::api::Mirror;
use crate::program::Tasks;
use crate::service::Tables;
use crate::{Error, ServiceProxy};

/// Ports 443 and 80 of an address, routed by the cluster's Ingresses to its Services.
///
/// Every Ingress is served, whatever its class. HTTP/1.1 and HTTP/2 come in; gRPC goes out over HTTP/2 where an annotation
/// of nginx' or AWS's controller or the Service's port says so. 404 without a rule, 503 without endpoints, 502 where a
/// backend breaks off. Dropped, it is gone with all its connections.
pub struct IngressController {
    _tasks: DropGuard,
}

impl IngressController {
    /// Listens on `address` in `zone` and follows the cluster's Ingresses. `services` is the same cluster's proxy.
    ///
    /// `tls` holds the certificate for every host name, with ALPN `h2` and `http/1.1`; `spec.tls` is not consulted. The
    /// address must be an IP address, since Ingress statuses show it.
    ///
    /// # Errors
    /// If a port is taken.
    pub async fn start(
        client: Client,
        network: &Network,
        zone: &str,
        address: &str,
        services: &ServiceProxy,
        tls: Arc<ServerConfig>,
    ) -> Result<Self, Error> {
        let host = network.host(zone, address);
        Self::listen(client, host, (443, 80), address, services.tables().clone(), tls).await
    }

    /// The same as a program of a pod, at two ports of its own for TLS and without. Services are reached by the names that the cluster's
    /// DNS gives them; `address` is where a Service or node leads to these ports.
    ///
    /// # Errors
    /// If a port is taken.
    pub async fn in_pod(client: Client, host: Host, ports: (u16, u16), address: &str, tls: Arc<ServerConfig>) -> Result<Self, Error> {
        let services = Arc::new(Tables::follow(client.clone(), (host.address().to_owned(), 443)).await);
        services.synced().await;
        Self::listen(client, host, ports, address, services, tls).await
    }

    async fn listen(
        client: Client,
        host: Host,
        ports: (u16, u16),
        address: &str,
        services: Arc<Tables>,
        tls: Arc<ServerConfig>,
    ) -> Result<Self, Error> {
        let listen = async |port| {
            host.listen(port).await.map_err(|source| Error::Listen {
                address: host.address().to_owned(),
                port,
                source,
            })
        };
        let (secure, plain) = (listen(ports.0).await?, listen(ports.1).await?);
        let tasks = Tasks::default();
        let proxy = Arc::new(Proxy {
            ingresses: Mirror::start(Api::all(client.clone())),
            backends: Backends::new(host, services, tasks.clone()),
            address: address.to_owned(),
        });
        proxy.ingresses.synced().await;
        tasks.spawn(status::publish(client, proxy.clone()));
        tasks.spawn(serve(secure, proxy.clone(), Some(TlsAcceptor::from(tls))));
        tasks.spawn(serve(plain, proxy, None));
        let tasks = tasks.ended().clone().drop_guard();
        Ok(Self { _tasks: tasks })
    }
}

async fn serve(mut listener: Listener, proxy: Arc<Proxy>, tls: Option<TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        let connection = connection(stream, proxy.clone(), tls.clone());
        proxy.backends.tasks.spawn(connection);
    }
}

async fn connection(stream: simnet::Stream, proxy: Arc<Proxy>, tls: Option<TlsAcceptor>) {
    let Some(tls) = tls else {
        return requests(stream, proxy, false).await;
    };
    match tls.accept(stream).await {
        Ok(stream) => requests(stream, proxy, true).await,
        Err(error) => tracing::debug!(%error, "TLS handshake"),
    }
}

async fn requests<S>(stream: S, proxy: Arc<Proxy>, secure: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let tasks = proxy.backends.tasks.clone();
    let service = service_fn(move |request| {
        let proxy = proxy.clone();
        async move { proxy.answer(request, secure).await }
    });
    let server = auto::Builder::new(tasks);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(error, "connection");
    }
}
