//! How the API server is set up: admission, aggregation, flow control.

use super::Shown;
use super::text::{NONE, UNSET, or};
use crate::controllers::fields::Fields;
use crate::value::{Value, json};

pub(super) fn cells(object: &Shown<'_>, plural: &str) -> Option<Value> {
    Some(match plural {
        "mutatingwebhookconfigurations" | "validatingwebhookconfigurations" => {
            json!([object.name(), object.list_at("/webhooks").len(), object.age()])
        }
        "validatingadmissionpolicies" => policy(object, "/spec/validations"),
        "mutatingadmissionpolicies" => policy(object, "/spec/mutations"),
        "validatingadmissionpolicybindings" | "mutatingadmissionpolicybindings" => {
            let parameters = object.at("/spec/paramRef");
            let (namespace, name) = (parameters.str_at("/namespace"), parameters.str_at("/name"));
            let text = match (parameters.is_null(), namespace) {
                (true, _) => UNSET.to_owned(),
                (false, "") => or(name, "*").to_owned(),
                (false, namespace) => format!("{namespace}/{}", or(name, "*")),
            };
            json!([object.name(), object.str_at("/spec/policyName"), text, object.age()])
        }
        "apiservices" => service(object),
        "flowschemas" => {
            let dangling = object
                .list_at("/status/conditions")
                .iter()
                .find(|c| c.str_at("/type") == "Dangling");
            json!([
                object.name(),
                object.str_at("/spec/priorityLevelConfiguration/name"),
                object.int_at("/spec/matchingPrecedence"),
                or(object.str_at("/spec/distinguisherMethod/type"), NONE),
                object.age(),
                dangling.map_or("?", |condition| condition.str_at("/status")),
            ])
        }
        "prioritylevelconfigurations" => {
            let number = |pointer: &str| object.number_at(pointer).map_or_else(|| NONE.into(), Value::from);
            let shares = if object.at("/spec/limited").is_null() {
                number("/spec/exempt/nominalConcurrencyShares")
            } else {
                number("/spec/limited/nominalConcurrencyShares")
            };
            let queuing = |field: &str| number(&format!("/spec/limited/limitResponse/queuing/{field}"));
            json!([
                object.name(),
                object.str_at("/spec/type"),
                shares,
                queuing("queues"),
                queuing("handSize"),
                queuing("queueLengthLimit"),
                object.age(),
            ])
        }
        _ => return None,
    })
}

fn policy(policy: &Shown<'_>, rules: &str) -> Value {
    let kind = policy.at("/spec/paramKind");
    let kind = if kind.is_null() {
        UNSET.to_owned()
    } else {
        format!("{}/{}", kind.str_at("/apiVersion"), kind.str_at("/kind"))
    };
    json!([policy.name(), policy.list_at(rules).len(), kind, policy.age()])
}

/// Of a service that nobody has looked at yet, the cell of `Available` is missing, as in Kubernetes.
fn service(service: &Shown<'_>) -> Value {
    let backend = service.at("/spec/service");
    let backend = if backend.is_null() {
        "Local".to_owned()
    } else {
        format!("{}/{}", backend.str_at("/namespace"), backend.str_at("/name"))
    };
    let mut cells = vec![json!(service.name()), json!(backend)];
    let available = service
        .list_at("/status/conditions")
        .iter()
        .find(|c| c.str_at("/type") == "Available");
    let status = available.map_or("", |condition| condition.str_at("/status"));
    cells.push(match available {
        None => json!("Unknown"),
        Some(_) if status == "True" => json!(status),
        Some(condition) => json!(format!("{status} ({})", condition.str_at("/reason"))),
    });
    cells.push(json!(service.age()));
    cells.into()
}
