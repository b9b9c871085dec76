//! Answers to probes.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::Request;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use simnet::Host;
use virtual_node::{ContainerContext, ExitStatus, Program};

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

/// The program that the charts' exec probe of flyteadmin starts where it is a process of its own: `sh -c` with a line that calls `curl` on
/// a health check of this pod, of which nothing but that call matters.
#[must_use]
pub fn exec_probe(words: &[String]) -> Option<Arc<dyn Program>> {
    let [shell, flag, line, ..] = words else { return None };
    let shell = shell.rsplit_once('/').map_or(shell.as_str(), |(_, name)| name);
    if shell != "sh" || flag != "-c" || !line.contains("curl ") {
        return None;
    }
    let (_, rest) = line.split_once("http://127.0.0.1:")?;
    let (port, _) = rest.split_once("/healthcheck")?;
    Some(Arc::new(HealthCheck(port.parse().ok()?)))
}

struct HealthCheck(u16);

impl Program for HealthCheck {
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        let port = self.0;
        async move {
            match healthy(&context.host, port).await {
                Ok(()) => ExitStatus::SUCCESS,
                Err(error) => {
                    context.log.line(error);
                    ExitStatus::Exited(1)
                }
            }
        }
        .boxed()
    }
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

#[cfg(test)]
mod tests {
    use super::exec_probe;

    #[test]
    fn the_charts_probe_is_known() {
        let line = r#"reply=$(curl -s -o /dev/null -w %{http_code} http://127.0.0.1:8088/healthcheck); if [ "$reply" -lt 200 -o "$reply" -ge 400 ]; then exit 1; fi;"#;
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert!(exec_probe(&words(&["sh", "-c", line, "grpc_health_probe", "-addr=:8089"])).is_some());
        assert!(exec_probe(&words(&["/bin/sh", "-c", "flyteadmin migrate run"])).is_none());
        assert!(exec_probe(&words(&["flyteadmin", "serve"])).is_none());
    }
}
