//! The kubelet's port: containers' logs, and the ways into containers, for the API server to pass on.

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
use crate::remote::{self, Asked, Opened, Purpose, Refused, Task, Wanted};

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
            let response = answer(&node, request);
            async move { Ok::<_, Infallible>(response) }
        });
        connections.spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "kubelet connection");
            }
        });
    }
}

fn answer(node: &Arc<NodeContext>, request: Request<Incoming>) -> Response<Body> {
    let uri = request.uri().clone();
    let segments: Vec<&str> = uri.path().split('/').skip(1).collect();
    let query = uri.query().unwrap_or_default();
    match (request.method(), segments.as_slice()) {
        (&Method::GET, ["healthz"]) => text(StatusCode::OK, "ok"),
        (&Method::GET, ["containerLogs", namespace, pod, container]) => logs(node, namespace, pod, container, query),
        (&Method::GET | &Method::POST, ["exec", namespace, pod, container]) => {
            entered(node, (namespace, pod, container), query, request, true)
        }
        (&Method::GET | &Method::POST, ["attach", namespace, pod, container]) => {
            entered(node, (namespace, pod, container), query, request, false)
        }
        (&Method::GET | &Method::POST, ["portForward", namespace, pod]) => forwarded(node, namespace, pod, query, request),
        (&Method::GET, _) => text(StatusCode::NOT_FOUND, "404 page not found"),
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "405: Method Not Allowed"),
    }
}

/// `exec` runs the query's command in a container that runs; `attach` shows its output.
fn entered(
    node: &Arc<NodeContext>,
    (namespace, pod, container): (&str, &str, &str),
    query: &str,
    request: Request<Incoming>,
    exec: bool,
) -> Response<Body> {
    let Some(context) = node.running.find(namespace, pod, container) else {
        return text(StatusCode::NOT_FOUND, format!("container not found (\"{container}\")"));
    };
    let (words, wanted) = options(query);
    if !(wanted.stdin || wanted.stdout || wanted.stderr) {
        return text(StatusCode::BAD_REQUEST, "you must specify at least 1 of stdin, stdout, stderr");
    }
    let task = if exec {
        Task::Exec(Box::new(context), node.programs.clone(), words)
    } else {
        match node.logs.find(namespace, pod, container, false) {
            Ok(log) => Task::Attach(log, node.running.stdin(namespace, pod, container)),
            Err(_) => return text(StatusCode::NOT_FOUND, format!("container not found (\"{container}\")")),
        }
    };
    match Asked::new(request, Purpose::Command) {
        Ok(asked) => upgraded(asked, move |opened| remote::command(task, wanted, opened)),
        Err(refused) => refusal(&refused),
    }
}

/// The command and the streams that a query asks for, by a kubelet's names, which are not the API's.
fn options(query: &str) -> (Vec<String>, Wanted) {
    let (mut words, mut wanted) = (Vec::new(), Wanted::default());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let on = matches!(&*value, "1" | "true");
        match &*name {
            "command" => words.push(value.into_owned()),
            "input" => wanted.stdin = on,
            "output" => wanted.stdout = on,
            "error" => wanted.stderr = on,
            "tty" => wanted.tty = on,
            _ => {}
        }
    }
    (words, wanted)
}

fn forwarded(node: &Arc<NodeContext>, namespace: &str, pod: &str, query: &str, request: Request<Incoming>) -> Response<Body> {
    let Some(context) = node.running.of_pod(namespace, pod) else {
        return text(StatusCode::NOT_FOUND, format!("pod \"{pod}\" is not running"));
    };
    let ports = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "port");
    let ports: Result<Vec<u16>, _> = ports
        .flat_map(|(_, all)| all.split(',').map(str::parse).collect::<Vec<_>>())
        .collect();
    let ports = match ports {
        Ok(ports) => ports,
        Err(_) => return text(StatusCode::BAD_REQUEST, "query parameter \"port\" is not a port"),
    };
    let pod = remote::Pod {
        host: context.host.clone(),
        address: context.pod.ip.clone(),
    };
    let asked = match Asked::new(request, Purpose::Ports) {
        Ok(asked) if asked.needs_ports() && ports.is_empty() => {
            return text(StatusCode::BAD_REQUEST, "query parameter \"port\" is required");
        }
        Ok(asked) => asked,
        Err(refused) => return refusal(&refused),
    };
    upgraded(asked, move |opened| remote::forward(pod, ports, opened))
}

/// Answers 101 and serves the streams beside.
fn upgraded<F>(asked: Asked, serve: impl FnOnce(Opened) -> F + Send + 'static) -> Response<Body>
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut response = text(StatusCode::SWITCHING_PROTOCOLS, "");
    *response.headers_mut() = asked.headers.clone();
    tokio::spawn(async move {
        match asked.open().await {
            Ok(opened) => serve(opened).await,
            Err(error) => tracing::debug!(%error, "kubelet upgrade"),
        }
    });
    response
}

fn refusal(refused: &Refused) -> Response<Body> {
    let (status, headers) = refused.answer();
    let mut response = text(status, refused.to_string());
    response.headers_mut().extend(headers);
    response
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
