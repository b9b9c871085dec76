//! gRPC checks: `grpc.health.v1.Health/Check`.

use bytes::{BufMut, Bytes, BytesMut};
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use k8s_openapi::api::core::v1::GRPCAction;

use super::{Target, told};

/// `HealthCheckResponse{status: SERVING}`: field 1, varint 1.
const SERVING: &[u8] = &[0x08, 1];

/// Asks a server for the health of a service.
pub(super) async fn health(target: &Target, action: &GRPCAction) -> Result<(), String> {
    let port = u16::try_from(action.port).map_err(|_| format!("invalid port: {}", action.port))?;
    let stream = target.from.connect(&target.pod_ip, port).await.map_err(told(&target.pod_ip, port));
    let stream = stream.map_err(|error| format!("failed to connect service \"{}:{port}\": {error}", target.pod_ip))?;
    let request = request(&target.pod_ip, port, action.service.as_deref().unwrap_or_default()).map_err(|error| error.to_string())?;
    let (status, message) = ask(stream, request).await.map_err(|error| error.to_string())?;
    match (status.as_deref(), message.as_slice()) {
        (None | Some("0"), SERVING) => Ok(()),
        (None | Some("0"), _) => Err("service unhealthy (responded with \"NOT_SERVING\")".to_owned()),
        (Some(code), _) => Err(format!("service unhealthy (rpc failed with status {code})")),
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn request(ip: &str, port: u16, service: &str) -> Result<Request<Full<Bytes>>, AnyError> {
    // One frame: no compression, length, then HealthCheckRequest{service}: field 1, a string whose length is one byte.
    let length = u8::try_from(service.len()).ok().filter(|length| *length < 0x80);
    let length = length.ok_or("a service name of a gRPC probe has at most 127 bytes")?;
    let mut message = BytesMut::new();
    if length > 0 {
        message.put_slice(&[0x0a, length]);
        message.put_slice(service.as_bytes());
    }
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(0));
    frame.put(message);
    let request = Request::post(format!("http://{ip}:{port}/grpc.health.v1.Health/Check"))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        .header(header::USER_AGENT, "kube-probe/1.36");
    Ok(request.body(Full::new(frame.freeze()))?)
}

/// The gRPC status, from trailers or headers, and the message without its frame.
async fn ask(stream: simnet::Stream, request: Request<Full<Bytes>>) -> Result<(Option<String>, Vec<u8>), AnyError> {
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    let answer = async {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?;
        let status = body.trailers().and_then(|trailers| trailers.get("grpc-status"));
        let status = status.or(head.headers.get("grpc-status"));
        let status = status.and_then(|status| status.to_str().ok()).map(str::to_owned);
        let message = body.to_bytes().get(5..).unwrap_or_default().to_vec();
        Ok::<_, AnyError>((status, message))
    };
    let mut answer = std::pin::pin!(answer);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        closed = connection => {
            closed?;
            // A server that closes at once may have answered before.
            answer.await
        }
    }
}
