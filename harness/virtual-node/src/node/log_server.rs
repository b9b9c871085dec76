//! The kubelet's port: containers' logs over HTTP, for the API server to pass on.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;

use super::NodeContext;
use super::logs::NoLog;
use crate::log_reader::{Query, read};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Answers connections to the kubelet's port, for ever.
pub(crate) async fn serve(node: Arc<NodeContext>, mut listener: simnet::Listener) {
    let mut connections = JoinSet::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(node = %node.name, %error, "kubelet port");
                return;
            }
        };
        while connections.try_join_next().is_some() {}
        let node = node.clone();
        let service = service_fn(move |request| {
            let response = answer(&node, &request);
            async move { Ok::<_, Infallible>(response) }
        });
        connections.spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "kubelet connection");
            }
        });
    }
}

fn answer(node: &NodeContext, request: &Request<Incoming>) -> Response<Body> {
    let path = request.uri().path();
    let mut segments = path.split('/').skip(1);
    match (request.method(), segments.next()) {
        (&Method::GET, Some("healthz")) => text(StatusCode::OK, "ok"),
        (&Method::GET, Some("containerLogs")) => match (segments.next(), segments.next(), segments.next(), segments.next()) {
            (Some(namespace), Some(pod), Some(container), None) => {
                logs(node, namespace, pod, container, request.uri().query().unwrap_or_default())
            }
            _ => text(StatusCode::NOT_FOUND, "404 page not found"),
        },
        (&Method::GET, _) => text(StatusCode::NOT_FOUND, "404 page not found"),
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "405: Method Not Allowed"),
    }
}

fn logs(node: &NodeContext, namespace: &str, pod: &str, container: &str, query: &str) -> Response<Body> {
    let query = match Query::parse(query, node.clock.now()) {
        Ok(query) => query,
        Err(error) => return text(StatusCode::BAD_REQUEST, error.to_string()),
    };
    match node.logs.find(namespace, pod, container, query.previous) {
        Ok(buffer) => stream(read(buffer, query).map(|chunk| Ok(Frame::data(chunk)))),
        Err(NoLog::Pod) => text(StatusCode::NOT_FOUND, format!("pod \"{pod}\" does not exist")),
        Err(NoLog::Waiting(reason)) => text(
            StatusCode::BAD_REQUEST,
            format!("container \"{container}\" in pod \"{pod}\" is waiting to start: {reason}"),
        ),
        Err(NoLog::Previous) => text(
            StatusCode::BAD_REQUEST,
            format!("previous terminated container \"{container}\" in pod \"{pod}\" not found"),
        ),
    }
}

fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(text.into()).boxed_unsync());
    *response.status_mut() = status;
    response
}

fn stream(frames: impl futures::Stream<Item = Result<Frame<Bytes>, Infallible>> + Send + 'static) -> Response<Body> {
    let mut response = Response::new(BodyExt::boxed_unsync(StreamBody::new(frames)));
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain"));
    response
}
