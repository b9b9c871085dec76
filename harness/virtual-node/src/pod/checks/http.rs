//! HTTP checks.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::HTTPGetAction;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use super::{Target, insecure, told};

/// Gets a path; 200 to 399 is success.
pub(super) async fn get(target: &Target, action: &HTTPGetAction) -> Result<(), String> {
    let url = url(target, action)?;
    let host = action.host.as_deref().unwrap_or(&target.pod_ip);
    let port = target.port(&action.port)?;
    let failed = |error: String| format!("Get \"{url}\": {error}");
    let stream = target.from.connect(host, port).await.map_err(told(host, port)).map_err(failed)?;
    let status = if is_https(action) {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(error.to_string()))?;
        let connector = TlsConnector::from(Arc::new(insecure::client_config().map_err(|error| failed(error.to_string()))?));
        let stream = connector.connect(name, stream).await.map_err(|error| failed(error.to_string()))?;
        ask(stream, action, host, port).await
    } else {
        ask(stream, action, host, port).await
    };
    match status.map_err(|error| failed(error.to_string()))? {
        200..400 => Ok(()),
        status => Err(format!("HTTP probe failed with statuscode: {status}")),
    }
}

/// The URL that a check gets, as messages name it.
pub(super) fn url(target: &Target, action: &HTTPGetAction) -> Result<String, String> {
    let scheme = if is_https(action) { "https" } else { "http" };
    let host = action.host.as_deref().unwrap_or(&target.pod_ip);
    Ok(format!("{scheme}://{host}:{}{}", target.port(&action.port)?, path(action)))
}

fn is_https(action: &HTTPGetAction) -> bool {
    action.scheme.as_deref() == Some("HTTPS")
}

fn path(action: &HTTPGetAction) -> String {
    let path = action.path.as_deref().unwrap_or("/");
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Sends the request; the answer's status.
async fn ask<S>(stream: S, action: &HTTPGetAction, host: &str, port: u16) -> Result<u16, AnyError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut request = Request::get(path(action)).body(Empty::<Bytes>::new())?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_str(&format!("{host}:{port}"))?);
    headers.insert(header::USER_AGENT, HeaderValue::from_static("kube-probe/1.36"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    for header in action.http_headers.iter().flatten() {
        headers.insert(HeaderName::try_from(&header.name)?, HeaderValue::from_str(&header.value)?);
    }
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let answer = async { Ok::<_, AnyError>(sender.send_request(request).await?.status().as_u16()) };
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
