//! Serving HTTP/1.1 and HTTP/2 on a port of the pod.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;
use tower::Service;
use virtual_node::ContainerContext;

use super::Failure;

/// Listens on `port` and serves every connection until the container's run ends, over TLS if `tls` is given.
pub(super) async fn serve<S, B>(context: &ContainerContext, port: u16, tls: Option<Arc<ServerConfig>>, service: S) -> Result<(), Failure>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut listener = context
        .host
        .listen(port)
        .await
        .map_err(|error| Failure(format!("listen tcp :{port}: {error}")))?;
    let tasks = context.tasks.clone();
    context.tasks.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(service.clone());
            let connections = Builder::new(tasks.clone());
            let tls = tls.clone().map(TlsAcceptor::from);
            tasks.spawn(async move {
                // A client that goes away in the middle, or does not trust us, is no event for a server.
                let _ = match tls {
                    None => connections.serve_connection(TokioIo::new(stream), service).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => connections.serve_connection(TokioIo::new(stream), service).await,
                        Err(_) => Ok(()),
                    },
                };
            });
        }
    });
    Ok(())
}

/// Fixed answers: texts by path.
pub(super) type Pages = &'static [(&'static str, &'static str)];

/// Serves fixed answers. Other paths are not found.
pub(super) async fn pages(context: &ContainerContext, port: u16, tls: Option<Arc<ServerConfig>>, pages: Pages) -> Result<(), Failure> {
    serve(context, port, tls, tower::service_fn(move |request| answer(request, pages))).await
}

async fn answer(request: Request<Incoming>, pages: Pages) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path();
    let (status, text) = match pages.iter().find(|(known, _)| *known == path) {
        Some((_, text)) => (StatusCode::OK, *text),
        None => (StatusCode::NOT_FOUND, "404 page not found\n"),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    Ok(response)
}
