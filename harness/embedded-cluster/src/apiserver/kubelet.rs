//! The way from the API server to the node that runs a pod.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::sync::Arc;

use super::{ApiServer, Target};
use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;
use crate::value::Value;

const PODS: Resource = Resource::new("", "v1", "pods");
const NODES: Resource = Resource::new("", "v1", "nodes");
/// Where a kubelet listens that does not say otherwise.
const DEFAULT_PORT: u16 = 10_250;

/// The pod that a request is about.
pub(super) fn pod(server: &ApiServer, target: &Target) -> Result<Arc<Object>, Status> {
    let (namespace, name) = (target.namespace.as_deref(), target.name.as_deref().unwrap_or_default());
    let found = server.store.get(&"pods".into(), namespace.unwrap_or_default(), name);
    found.ok_or_else(|| Status::not_found(&PODS, name))
}

/// The node that a pod is bound to.
pub(super) fn node_of(pod: &Value) -> Option<&str> {
    pod["spec"]["nodeName"].as_str().filter(|name| !name.is_empty())
}

/// The container meant: the only one, or the one that is named.
pub(super) fn container(pod: &Value, asked: Option<&str>) -> Result<String, Status> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let names = |field: &str| -> Vec<String> {
        pod["spec"][field]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|c| c["name"].as_str().map(str::to_owned))
            .collect()
    };
    let (init, main, ephemeral) = (names("initContainers"), names("containers"), names("ephemeralContainers"));
    let all: Vec<String> = [init, main.clone(), ephemeral].concat();
    match asked {
        None | Some("") => match main.as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(Status::bad_request(format!(
                "a container name must be specified for pod {name}, choose one of: [{}]",
                all.join(" ")
            ))),
        },
        Some(asked) if all.iter().any(|c| c == asked) => Ok(asked.to_owned()),
        Some(asked) => Err(Status::bad_request(format!("container {asked} is not valid for pod {name}"))),
    }
}

/// Where a node's kubelet listens; no address where it has not said so.
pub(super) fn address(node: &Value) -> (Option<&str>, u16) {
    let mut addresses = node["status"]["addresses"].as_array().into_iter().flatten();
    let internal = addresses.find(|address| address["type"] == "InternalIP");
    let port = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok())
        .filter(|port| *port > 0)
        .unwrap_or(DEFAULT_PORT);
    (internal.and_then(|address| address["address"].as_str()), port)
}

/// Sends a request to the kubelet of the pod's node.
pub(super) async fn send(
    server: &ApiServer,
    pod: &Value,
    mut request: http::Request<Empty<Bytes>>,
) -> Result<http::Response<Incoming>, Status> {
    let name = node_of(pod).unwrap_or_default();
    let node = server
        .store
        .get(&"nodes".into(), "", name)
        .ok_or_else(|| Status::not_found(&NODES, name))?;
    let (address, port) = address(node.value());
    let path = request.uri().to_string();
    let unreachable = |why: String| {
        let address = address.unwrap_or("<none>");
        Status::internal(format!("Get \"https://{address}:{port}{path}\": {why}"))
    };
    let (Some(host), Some(address)) = (&server.host, address) else {
        return Err(unreachable("no route to host".into()));
    };
    let told = |error: &dyn std::fmt::Display| unreachable(error.to_string());
    let stream = host.connect(address, port).await.map_err(|error| told(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| told(&error))?;
    // Ends with the stream that it carries, since the node or the reader closes it.
    tokio::spawn(connection.with_upgrades());
    if let Ok(value) = http::HeaderValue::from_str(&format!("{address}:{port}")) {
        request.headers_mut().insert(http::header::HOST, value);
    }
    sender.send_request(request).await.map_err(|error| told(&error))
}

/// A kubelet's refusal.
pub(super) async fn refusal(response: http::Response<Incoming>) -> Status {
    let code = response.status().as_u16();
    let text = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    if code == 400 {
        Status::bad_request(text)
    } else {
        Status::plain(code, text)
    }
}
