//! `pods/<name>/log`: asked from the pod's node, as the real API server asks the kubelet.

use crate::value::Value;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

use super::{ApiServer, Outcome, Request};
use crate::resource::Resource;
use crate::status::Status;

const PODS: Resource = Resource::new("", "v1", "pods");
/// Parameters that the node gets as they are.
const FORWARDED: &[&str] = &[
    "follow",
    "previous",
    "sinceSeconds",
    "sinceTime",
    "timestamps",
    "tailLines",
    "limitBytes",
];

/// Text of a log, as it comes from the node.
pub(crate) type LogStream = Incoming;

/// The log of one container of a pod.
pub(super) async fn get(server: &ApiServer, request: &Request) -> Result<Outcome, Status> {
    let namespace = request.target.namespace.as_deref().unwrap_or_default();
    let name = request.target.name.as_deref().unwrap_or_default();
    let pod = server
        .store
        .get(&"pods".into(), namespace, name)
        .ok_or_else(|| Status::not_found(&PODS, name))?;
    let container = container(pod.value(), name, request.options.parameter("container"))?;
    let node_name = pod.value()["spec"]["nodeName"].as_str().unwrap_or_default();
    if node_name.is_empty() {
        // Nothing runs yet, so that there is nothing to show.
        return Ok(Outcome::Log(None));
    }
    let node = server.store.get(&"nodes".into(), "", node_name);
    let node = node.ok_or_else(|| Status::not_found(&Resource::new("", "v1", "nodes"), node_name))?;
    let query: Vec<String> = FORWARDED
        .iter()
        .filter_map(|key| request.options.parameter(key).map(|value| format!("{key}={value}")))
        .collect();
    let path = format!("/containerLogs/{namespace}/{name}/{container}?{}", query.join("&"));
    fetch(server, node.value(), &path).await
}

/// The container meant: the only one, or the one that is named.
fn container(pod: &Value, name: &str, asked: Option<&str>) -> Result<String, Status> {
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
        None | Some("") => match (main.as_slice(), all.len()) {
            ([only], 1) => Ok(only.clone()),
            _ => Err(Status::bad_request(format!(
                "a container name must be specified for pod {name}, choose one of: [{}]",
                all.join(" ")
            ))),
        },
        Some(asked) if all.iter().any(|c| c == asked) => Ok(asked.to_owned()),
        Some(asked) => Err(Status::bad_request(format!("container {asked} is not valid for pod {name}"))),
    }
}

async fn fetch(server: &ApiServer, node: &Value, path: &str) -> Result<Outcome, Status> {
    let addresses = node["status"]["addresses"].as_array().into_iter().flatten();
    let address = addresses
        .clone()
        .find(|a| a["type"] == "InternalIP")
        .and_then(|a| a["address"].as_str());
    let port = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]
        .as_u64()
        .and_then(|p| u16::try_from(p).ok());
    let unreachable = |why: String| {
        let (address, port) = (address.unwrap_or("<none>"), port.unwrap_or(0));
        Status::internal(format!("Get \"https://{address}:{port}{path}\": {why}"))
    };
    let (Some(host), Some(address), Some(port)) = (&server.host, address, port) else {
        return Err(unreachable("no route to host".into()));
    };
    let stream = host.connect(address, port).await.map_err(|error| unreachable(error.to_string()))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| unreachable(error.to_string()))?;
    // Ends with the stream that it carries, since the node or the reader closes it.
    tokio::spawn(connection);
    let request = http::Request::get(path)
        .header("host", format!("{address}:{port}"))
        .body(Empty::<Bytes>::new());
    let request = request.map_err(|error| unreachable(error.to_string()))?;
    let response = sender.send_request(request).await.map_err(|error| unreachable(error.to_string()))?;
    if response.status().is_success() {
        return Ok(Outcome::Log(Some(response.into_body())));
    }
    let code = response.status().as_u16();
    let text = response.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    Err(if code == 400 {
        Status::bad_request(text)
    } else {
        Status::plain(code, text)
    })
}
