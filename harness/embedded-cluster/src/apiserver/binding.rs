//! Binding of pods to nodes: the scheduler's one write.

use std::sync::Arc;

use crate::value::{Value, json};

use super::{ApiServer, Outcome, Request, decode};
use crate::admission::{self, Attempt};
use crate::kinds::Kind;
use crate::resource::Resource;
use crate::status::{Cause, Status};
use crate::store::Conflict;

const PODS: Resource = Resource::new("", "v1", "pods");
const BINDING: Resource = Resource::new("", "v1", "pods/binding");

/// POST to `pods/<name>/binding` or to `bindings`.
pub(super) async fn create(server: &Arc<ApiServer>, kind: &Kind, request: &Request, warnings: &mut Vec<String>) -> Result<Outcome, Status> {
    let part = Kind::part("", "v1", "Binding");
    let mut binding = decode::object(&part, &request.body, &request.options)?.value;
    super::write::name_and_namespace(&mut binding, None, request.target.namespace.as_deref())?;
    super::write::same_name(&binding, request, "Binding")?;
    admission::submit(&mut Attempt::answered(server, kind, Some(&part), request, &mut binding, warnings)).await?;
    let node = check(&binding)?;
    let namespace = request.target.namespace.as_deref().unwrap_or_default();
    let name = binding["metadata"]["name"].as_str().unwrap_or_default();
    loop {
        let pod = server
            .store
            .get(&"pods".into(), namespace, name)
            .ok_or_else(|| Status::not_found(&PODS, name))?;
        if let Some(present) = pod.value()["spec"]["nodeName"].as_str().filter(|n| !n.is_empty()) {
            return Err(Status::conflict(
                &BINDING,
                name,
                &format!("pod {name} is already assigned to node {present:?}"),
            ));
        }
        if pod.deletion_timestamp().is_some() {
            return Err(Status::conflict(
                &BINDING,
                name,
                &format!("pod {name} is being deleted, cannot be assigned to a host"),
            ));
        }
        let mut bound = pod.value().clone();
        bound["spec"]["nodeName"] = node.clone().into();
        // What was meant for it is of no more interest.
        if let Some(status) = bound["status"].as_object_mut() {
            status.remove("nominatedNodeName");
        }
        for field in ["annotations", "labels"] {
            for (key, value) in binding["metadata"][field].as_object().into_iter().flatten() {
                bound["metadata"][field][key] = value.clone();
            }
        }
        set_scheduled(&mut bound, &server.timestamp());
        if request.options.dry_run {
            return Ok(success());
        }
        match server.store.update(&"pods".into(), namespace, name, pod.revision(), bound) {
            Ok(_) => return Ok(success()),
            Err(Conflict::Modified) => {}
            Err(_) => return Err(Status::not_found(&PODS, name)),
        }
    }
}

/// The node that a binding names.
fn check(binding: &Value) -> Result<String, Status> {
    let target = &binding["target"];
    let text = |field: &str| target[field].as_str().unwrap_or_default();
    let mut causes = vec![];
    if !["", "Node"].contains(&text("kind")) {
        let message = format!("Unsupported value: {:?}: supported values: \"Node\", \"<empty>\"", text("kind"));
        causes.push(Cause {
            reason: "FieldValueNotSupported".into(),
            message,
            field: "target.kind".into(),
        });
    }
    if text("name").is_empty() {
        causes.push(Cause::required("target.name", ""));
    }
    let lines: Vec<String> = causes.iter().map(Cause::line).collect();
    match lines.as_slice() {
        [] => Ok(text("name").to_owned()),
        [one] => Err(Status::plain(500, one.clone())),
        many => Err(Status::plain(500, format!("[{}]", many.join(", ")))),
    }
}

fn set_scheduled(pod: &mut Value, time: &str) {
    let condition = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": time});
    if !pod["status"]["conditions"].is_array() {
        pod["status"]["conditions"] = json!([]);
    }
    if let Some(conditions) = pod["status"]["conditions"].as_array_mut() {
        conditions.retain(|c| c["type"] != "PodScheduled");
        conditions.push(condition);
    }
}

fn success() -> Outcome {
    Outcome::Value(
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
        201,
    )
}
