//! `pods/<name>/eviction`: a delete that disruption budgets can refuse.

use std::sync::Arc;

use crate::value::{Value, json};

use super::write::Write;
use super::{ApiServer, Body, Outcome, Request, Verb, decode, read};
use crate::admission::{self, Attempt};
use crate::controllers::conditions::{self, Condition};
use crate::controllers::fields::Fields;
use crate::kinds::Kind;
use crate::object::Object;
use crate::selector::LabelSelector;
use crate::status::Status;
use crate::store::Conflict;

/// Seconds after which an eviction is worth another try.
const RETRY_AFTER: u32 = 10;

/// POST of an `Eviction`.
pub(super) async fn create(
    server: &Arc<ApiServer>,
    kind: &Arc<Kind>,
    request: &Request,
    warnings: &mut Vec<String>,
) -> Result<Outcome, Status> {
    let part = Kind::part("policy", "v1", "Eviction");
    let mut body = match &request.body {
        Body::Wire { content_type, bytes } if decode::media_type(content_type) == decode::PROTOBUF => {
            let mut value = decode::protobuf_object(bytes)?;
            value["apiVersion"] = "policy/v1".into();
            decode::object(&part, &Body::Value(value), &request.options)?.value
        }
        // The older version has the same shape.
        Body::Wire { content_type, bytes } => {
            let text = String::from_utf8_lossy(bytes).replace("policy/v1beta1", "policy/v1");
            decode::object(
                &part,
                &Body::Wire {
                    content_type: content_type.clone(),
                    bytes: text.into(),
                },
                &request.options,
            )?
            .value
        }
        other => decode::object(&part, other, &request.options)?.value,
    };
    super::write::name_and_namespace(&mut body, None, request.target.namespace.as_deref())?;
    super::write::same_name(&body, request, "Eviction")?;
    admission::submit(&mut Attempt::answered(server, kind, Some(&part), request, &mut body, warnings)).await?;
    let pod = read::find(server, kind, request)?;
    let over = matches!(pod.value()["status"]["phase"].as_str(), Some("Succeeded" | "Failed" | "Pending"));
    if !over && pod.deletion_timestamp().is_none() {
        spend_budget(server, &pod)?;
    }
    let mut delete = request.clone();
    delete.verb = Verb::Delete;
    delete.target.subresource = None;
    delete.body = Body::empty();
    delete.options.merge_delete_body(&body["deleteOptions"])?;
    if !delete.options.dry_run {
        let condemned = condemn(server, kind, &delete, warnings)?;
        if let Some(revision) = &mut delete.options.precondition_revision {
            *revision = condemned.revision().to_string();
        }
    }
    Write::new(server, kind, &delete, warnings).delete().await?;
    Ok(Outcome::Value(
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}),
        201,
    ))
}

/// Says in the pod's status why it is about to go.
fn condemn(server: &Arc<ApiServer>, kind: &Arc<Kind>, delete: &Request, warnings: &mut Vec<String>) -> Result<Arc<Object>, Status> {
    let condition = Condition {
        kind: "DisruptionTarget",
        status: "True",
        reason: "EvictionByEvictionAPI",
        message: "Eviction API: evicting",
    };
    let write = Write::new(server, kind, delete, warnings);
    loop {
        let pod = read::find(server, kind, delete)?;
        write.check_preconditions(&pod, &delete.options)?;
        let mut list = pod.list_at("/status/conditions").to_vec();
        conditions::set(&mut list, &condition, &server.timestamp(), None);
        if list == pod.list_at("/status/conditions") {
            return Ok(pod);
        }
        let mut told = pod.value().clone();
        told["status"]["conditions"] = Value::Array(list.into());
        let namespace = pod.namespace().unwrap_or_default();
        match server.store.update(&kind.key, namespace, pod.name(), pod.revision(), told) {
            Ok(pod) => return Ok(pod),
            Err(Conflict::Modified) => {}
            Err(_) => return Err(Status::not_found(&kind.resource, pod.name())),
        }
    }
}

/// Takes one disruption from the pod's budget, if it has one.
fn spend_budget(server: &ApiServer, pod: &Object) -> Result<(), Status> {
    let key = "poddisruptionbudgets.policy".into();
    let budgets = server.store.snapshot(&key, pod.namespace()).items;
    let mut matching = budgets
        .iter()
        .filter(|b| LabelSelector::of_object(&b.value()["spec"]["selector"]).matches(pod.labels()));
    let Some(budget) = matching.next() else { return Ok(()) };
    if matching.next().is_some() {
        return Err(Status::plain(
            500,
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        ));
    }
    let status = &budget.value()["status"];
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    let refuse = |why: String| {
        let refusal = Status::too_many_requests("Cannot evict pod as it would violate the pod's disruption budget.", RETRY_AFTER);
        Err(refusal.cause("DisruptionBudget", why, ""))
    };
    // Waiting helps only where the budget is not up to date.
    let refuse_for_good = |why: String| {
        refuse(why).map_err(|mut status: Status| {
            if let Some(details) = status.details.as_mut() {
                details.retry_after_seconds = None;
            }
            status
        })
    };
    if number("observedGeneration") < budget.generation() {
        return refuse(format!(
            "The disruption budget {} is still being processed by the server.",
            budget.name()
        ));
    }
    if number("disruptionsAllowed") <= 0 {
        return refuse_for_good(format!(
            "The disruption budget {} needs {} healthy pods and has {} currently",
            budget.name(),
            number("desiredHealthy"),
            number("currentHealthy")
        ));
    }
    let mut spent = budget.value().clone();
    spent["status"]["disruptionsAllowed"] = (number("disruptionsAllowed") - 1).into();
    if !spent["status"]["disruptedPods"].is_object() {
        spent["status"]["disruptedPods"] = json!({});
    }
    spent["status"]["disruptedPods"][pod.name()] = Value::from(server.timestamp());
    let namespace = budget.namespace().unwrap_or_default();
    match server.store.update(&key, namespace, budget.name(), budget.revision(), spent) {
        Ok(_) => Ok(()),
        Err(_) => refuse(format!(
            "The disruption budget {} is still being processed by the server.",
            budget.name()
        )),
    }
}
