//! `exec`, `attach` and `portforward` of a pod: the client's connection becomes one to the pod's node.
//!
//! The protocol on it is an affair of the client and the node, as with a real API server's kubelet proxy.

mod options;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::Empty;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::{ApiServer, Outcome, Request, Verb, kubelet};
use crate::admission::{self, Attempt};
use crate::auth::Attributes;
use crate::kinds::Kind;
use crate::status::Status;

/// A connection that a client asked to become something else than HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Upgrade {
    /// What the request said about it.
    pub(crate) headers: HeaderMap,
    pub(crate) connection: OnUpgrade,
}

impl Upgrade {
    /// Takes the connection out of a request that asks for another protocol.
    pub(crate) fn of(parts: &mut http::request::Parts) -> Option<Self> {
        if !parts.headers.contains_key(header::UPGRADE) {
            return None;
        }
        let connection = parts.extensions.remove::<OnUpgrade>()?;
        let mut headers = HeaderMap::new();
        let about =
            |name: &str| name.starts_with("sec-websocket-") || matches!(name, "upgrade" | "connection" | "x-stream-protocol-version");
        for (name, value) in parts.headers.iter().filter(|(name, _)| about(name.as_str())) {
            headers.append(name, value.clone());
        }
        Some(Self { headers, connection })
    }
}

/// Joins the client with the pod's node.
pub(super) async fn answer(
    server: &Arc<ApiServer>,
    kind: &Arc<Kind>,
    request: Request,
    what: &str,
    warnings: &mut Vec<String>,
) -> Result<Outcome, Status> {
    if request.verb == Verb::Get {
        // Entering a container is no reading, whatever the method that WebSockets begin with.
        let attributes = Attributes {
            verb: Verb::Create.name().to_owned(),
            ..request.attributes()
        };
        server.authorizer.check(&server.store, &request.identity, &attributes)?;
    }
    let form = options::Form::of(what);
    let mut asked = form.read(&request.options.other)?;
    let part = Kind::part("", "v1", form.kind);
    let mut attempt = Attempt::answered(server, kind, Some(&part), &request, &mut asked, warnings);
    attempt.connects = true;
    admission::submit(&mut attempt).await?;
    let pod = kubelet::pod(server, &request.target)?;
    let (namespace, name) = (pod.namespace().unwrap_or_default(), pod.name());
    let path = match what {
        "portforward" => format!("/portForward/{namespace}/{name}"),
        what => {
            let container = kubelet::container(pod.value(), asked["container"].as_str())?;
            format!("/{what}/{namespace}/{name}/{container}")
        }
    };
    if kubelet::node_of(pod.value()).is_none() {
        return Err(Status::bad_request(format!("pod {name} does not have a host assigned")));
    }
    let Some(upgrade) = request.upgrade else {
        return Err(Status::bad_request("Upgrade request required"));
    };
    let mut onward = http::Request::get(format!("{path}?{}", form.query(&asked)))
        .body(Empty::<Bytes>::new())
        .map_err(Status::internal)?;
    *onward.headers_mut() = upgrade.headers;
    let mut response = kubelet::send(server, pod.value(), onward).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(kubelet::refusal(response).await);
    }
    let node = hyper::upgrade::on(&mut response);
    tokio::spawn(join(upgrade.connection, node));
    let mut headers = std::mem::take(response.headers_mut());
    headers.remove(header::DATE);
    headers.entry(header::CONNECTION).or_insert(HeaderValue::from_static("Upgrade"));
    Ok(Outcome::Upgraded(headers))
}

/// Carries bytes both ways until one side ends.
pub(super) async fn join(client: OnUpgrade, node: OnUpgrade) {
    let joined = async {
        let (client, node) = futures::try_join!(client, node)?;
        let (mut client, mut node) = (TokioIo::new(client), TokioIo::new(node));
        tokio::io::copy_bidirectional(&mut client, &mut node).await?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    };
    if let Err(error) = joined.await {
        tracing::debug!(%error, "a connection into a pod ended");
    }
}
