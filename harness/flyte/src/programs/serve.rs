//! Serving HTTP/1.1 and HTTP/2 on a port of the pod.

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tower::Service;
use virtual_node::ContainerContext;

use super::Failure;

/// Listens on `port` and serves every connection until the container's run ends.
pub(super) async fn serve<S, B>(context: &ContainerContext, port: u16, service: S) -> Result<(), Failure>
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
            tasks.spawn(async move {
                // A client that goes away in the middle is no event for a server.
                let _ = connections.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Ok(())
}

/// Serves fixed answers: a path to its text. Other paths are not found.
pub(super) async fn pages(context: &ContainerContext, port: u16, pages: &'static [(&'static str, &'static str)]) -> Result<(), Failure> {
    let answer = move |request: Request<Incoming>| {
        let path = request.uri().path().to_owned();
        async move {
            let found = pages.iter().find(|(known, _)| *known == path);
            let (status, text) = match found {
                Some((_, text)) => (StatusCode::OK, *text),
                None => (StatusCode::NOT_FOUND, "404 page not found\n"),
            };
            let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        }
    };
    serve(context, port, tower::service_fn(answer)).await
}
