//! `pods/<name>/log`: asked from the pod's node, as the real API server asks the kubelet.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;

use super::{ApiServer, Outcome, Request, kubelet};
use crate::status::Status;
use crate::value::Value;

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
    let pod = kubelet::pod(server, &request.target)?;
    let (namespace, name) = (pod.namespace().unwrap_or_default(), pod.name());
    let container = kubelet::container(pod.value(), request.options.parameter("container"))?;
    if kubelet::node_of(pod.value()).is_none() {
        // Nothing runs yet, so that there is nothing to show.
        return Ok(Outcome::Log(None));
    }
    let query: Vec<String> = FORWARDED
        .iter()
        .filter_map(|key| request.options.parameter(key).map(|value| format!("{key}={value}")))
        .collect();
    let path = format!("/containerLogs/{namespace}/{name}/{container}?{}", query.join("&"));
    fetch(server, pod.value(), &path).await
}

/// What the node answers, or its refusal in the API server's words.
async fn fetch(server: &ApiServer, pod: &Value, path: &str) -> Result<Outcome, Status> {
    let request = http::Request::get(path).body(Empty::<Bytes>::new());
    let response = kubelet::send(server, pod, request.map_err(Status::internal)?).await?;
    match response.status().is_success() {
        true => Ok(Outcome::Log(Some(response.into_body()))),
        false => Err(kubelet::refusal(response).await),
    }
}
