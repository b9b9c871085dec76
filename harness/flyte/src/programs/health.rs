//! Answers to probes.

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use simnet::Host;
use virtual_node::ContainerContext;

/// Answers the charts' exec probe of flyteadmin, which calls `curl` on the health check: the call is really made.
pub(super) fn answer_probes(context: &ContainerContext, port: u16) {
    let host = context.host.clone();
    context.probes.set_exec(move |command| {
        let host = host.clone();
        async move {
            if !command.iter().any(|word| word.contains("/healthcheck")) {
                return Err(format!("{}: executable file not found", command.join(" ")));
            }
            healthy(&host, port).await
        }
    });
}

async fn healthy(host: &Host, port: u16) -> Result<(), String> {
    let stream = host.connect("127.0.0.1", port).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let request = Request::get("/healthcheck")
        .header("host", "127.0.0.1")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answer = tokio::select! {
        biased;
        answer = sender.send_request(request) => answer,
        result = connection => return Err(format!("connection closed: {result:?}")),
    };
    let status = answer.map_err(|error| error.to_string())?.status();
    if status.as_u16() < 400 {
        Ok(())
    } else {
        Err(format!("health check answers {status}"))
    }
}
