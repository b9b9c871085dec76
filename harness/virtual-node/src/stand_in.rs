//! What answers on the ports of a container whose program is not here: HTTP, the same to everybody.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::time::sleep;

use crate::program::ContainerContext;

/// Serves the container's ports, as its spec declares them, once it is ready. Each ends with the run.
pub(crate) fn serve(context: &ContainerContext, ready_after: Duration) {
    for port in context.pod.ports.clone() {
        let own = context.clone();
        context.tasks.spawn(async move {
            sleep(ready_after).await;
            accept(own, port).await;
        });
    }
}

async fn accept(context: ContainerContext, port: u16) {
    let mut listener = match context.host.listen(port).await {
        Ok(listener) => listener,
        // Another container of the pod has it, or it cannot be had here: then nobody is there, as for a program that failed to bind.
        Err(error) => return tracing::debug!(pod = %context.pod.name, port, %error, "no stand-in on the port"),
    };
    let text = Bytes::from(format!("{} stands here for {}\n", context.pod.name, context.pod.image));
    while let Ok((stream, _)) = listener.accept().await {
        let text = text.clone();
        let service = service_fn(move |_| {
            let mut response = Response::new(Full::new(text.clone()));
            let plain = HeaderValue::from_static("text/plain; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, plain);
            async { Ok::<_, Infallible>(response) }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        context.tasks.spawn(async move {
            // Who speaks no HTTP has been let in, and that is all.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a stand-in's connection");
            }
        });
    }
}
