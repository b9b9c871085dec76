//! Programs to test with.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use virtual_node::{ContainerContext, ExitStatus, Program, Programs};

/// A program made of a function.
struct Run<F>(F);

impl<F, R> Program for Run<F>
where
    F: Fn(ContainerContext) -> R + Send + Sync,
    R: Future<Output = i32> + Send + 'static,
{
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        (self.0)(context).map(ExitStatus::Exited).boxed()
    }
}

/// A registry with the image `app` alone.
pub(crate) fn program<F, R>(run: F) -> Programs
where
    F: Fn(ContainerContext) -> R + Send + Sync + 'static,
    R: Future<Output = i32> + Send + 'static,
{
    Programs::new().with("app", Arc::new(Run(run)))
}

/// Serves HTTP on port 8080: `/healthz` by the file `/etc/app/health`, else the pod's name and the path.
pub(crate) async fn web(ctx: ContainerContext) -> i32 {
    let mut listener = ctx.host.listen(8080).await.unwrap();
    loop {
        let stream = tokio::select! {
            () = ctx.stop.cancelled() => return 0,
            accepted = listener.accept() => accepted.unwrap().0,
        };
        let app = ctx.clone();
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let healthy = app.files.read_to_string("/etc/app/health").is_ok_and(|health| health == "good");
            let path = request.uri().path().to_owned();
            let mut response = hyper::Response::new(Full::new(Bytes::from(format!("{} {path}", app.pod.name))));
            if path == "/healthz" && !healthy {
                *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
            }
            async move { Ok::<_, Infallible>(response) }
        });
        let server = hyper_util::server::conn::auto::Builder::new(ctx.tasks.clone());
        ctx.tasks
            .spawn(async move { drop(server.serve_connection(TokioIo::new(stream), service).await) });
    }
}

/// Serves `grpc.health.v1.Health/Check` on port 8089: the service `admin` is serving, others are not.
/// The header `x-connection` tells the pod and how many connections it has had before this one.
pub(crate) async fn health(ctx: ContainerContext) -> i32 {
    let mut listener = ctx.host.listen(8089).await.unwrap();
    for number in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        let connection = http::HeaderValue::from_str(&format!("{} {number}", ctx.pod.name)).unwrap();
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let connection = connection.clone();
            async move {
                let asked = request.into_body().collect().await.unwrap().to_bytes();
                let serving = if asked.ends_with(b"admin") { 1 } else { 2 };
                let mut trailers = http::HeaderMap::new();
                trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
                let frames = [Frame::data(Bytes::from(vec![0, 0, 0, 0, 2, 8, serving])), Frame::trailers(trailers)];
                let body = StreamBody::new(futures::stream::iter(frames.map(Ok::<_, Infallible>)));
                let mut response = hyper::Response::new(body);
                response.headers_mut().insert("x-connection", connection);
                Ok::<_, Infallible>(response)
            }
        });
        let server = hyper::server::conn::http2::Builder::new(ctx.tasks.clone());
        ctx.tasks.spawn(server.serve_connection(TokioIo::new(stream), service));
    }
    0
}

/// A pod with one container of the program.
pub(crate) fn app(name: &str, spec: Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "main", "image": "registry.test/app:v1"}]},
    });
    for (key, value) in spec.as_object().unwrap() {
        if key == "container" {
            for (key, value) in value.as_object().unwrap() {
                pod["spec"]["containers"][0][key] = value.clone();
            }
        } else {
            pod["spec"][key] = value.clone();
        }
    }
    pod
}
