//! What single kinds set by themselves before they are stored: state that clients cannot write.

use crate::value::{Value, json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::{ApiServer, Request};
use crate::auth::Identity;
use crate::kinds::Kind;
use crate::object::Object;
use crate::status::Status;

/// A new object.
pub(super) fn create(server: &ApiServer, kind: &Kind, request: &Request, object: &mut Value) -> Result<(), Status> {
    match (kind.resource.group(), kind.resource.plural()) {
        ("", "namespaces") => {
            let finalizers = object["spec"]["finalizers"].as_array().cloned().unwrap_or_default();
            let with_own = if finalizers.iter().any(|f| f == "kubernetes") {
                finalizers
            } else {
                [finalizers, vec![json!("kubernetes")]].concat()
            };
            object["spec"]["finalizers"] = with_own.into();
            object["status"] = json!({"phase": "Active"});
            name_label(object);
        }
        ("", "pods") => {
            object["status"] = json!({"phase": "Pending", "qosClass": qos_class(object)});
        }
        ("", "secrets") => merge_string_data(object),
        ("", "serviceaccounts") => name_secrets(object),
        ("", "persistentvolumeclaims") => {
            data_sources(&mut object["spec"]);
            object["status"] = json!({"phase": "Pending"});
        }
        ("", "persistentvolumes") => object["status"] = json!({"phase": "Pending"}),
        ("", "services") => object["status"] = json!({"loadBalancer": {}}),
        ("batch", "jobs") => {
            job_labels(object);
        }
        ("certificates.k8s.io", _) => {
            requester(object, &request.identity);
        }
        ("apiextensions.k8s.io", _) => crate::crd::prepare(object, None, &server.timestamp()),
        _ => {}
    }
    Ok(())
}

/// A new object that was found valid.
pub(super) fn finish(kind: &Kind, object: &mut Value) {
    if kind.resource.group() == "batch" && kind.resource.plural() == "jobs" {
        default_job_labels(object);
    }
}

/// A changed object.
pub(super) fn update(server: &ApiServer, kind: &Kind, subresource: &str, old: &Object, new: &mut Value) -> Result<(), Status> {
    match (kind.resource.group(), kind.resource.plural(), subresource) {
        ("", "namespaces", "") => {
            new["spec"]["finalizers"] = old.value()["spec"]["finalizers"].clone();
            name_label(new);
        }
        ("", "secrets", _) => merge_string_data(new),
        ("", "serviceaccounts", _) => name_secrets(new),
        ("", "services", "") => {
            super::services::keep_addresses(old.value(), new);
            super::services::drop_dependent(old.value(), new);
        }
        ("", "pods", "") => new["status"] = old.value()["status"].clone(),
        ("certificates.k8s.io", ..) => {
            new["spec"] = old.value()["spec"].clone();
            if matches!(subresource, "approval" | "status") {
                condition_times(old.value(), new, &server.timestamp());
            }
        }
        ("apiextensions.k8s.io", _, "status") => crate::crd::fill_stored_versions(new),
        ("apiextensions.k8s.io", _, "") => crate::crd::prepare(new, Some(old.value()), &server.timestamp()),
        _ => {}
    }
    Ok(())
}

/// A certificate request says who made it, whatever it said before.
fn requester(request: &mut Value, identity: &Identity) {
    let Some(spec) = request["spec"].as_object_mut() else { return };
    spec.insert("username".to_owned(), identity.user.clone().into());
    spec.insert("groups".to_owned(), json!(identity.groups));
    let known = [
        ("uid", !identity.uid.is_empty(), json!(identity.uid)),
        ("extra", !identity.extra.is_empty(), json!(identity.extra)),
    ];
    for (field, is_known, value) in known {
        match is_known {
            true => drop(spec.insert(field.to_owned(), value)),
            false => drop(spec.remove(field)),
        }
    }
}

/// Of the Secrets of a service account only the names are kept.
fn name_secrets(account: &mut Value) {
    let secrets = account.get_mut("secrets").and_then(Value::as_array_mut);
    for secret in secrets.into_iter().flatten().filter_map(Value::as_object_mut) {
        secret.retain(|field, _| field == "name");
    }
}

/// Claims are filled from other claims and from snapshots; what they cannot be filled from is not kept.
fn data_sources(spec: &mut Value) {
    let Some(map) = spec.as_object_mut() else { return };
    let fits = map.get("dataSource").is_none_or(|source| {
        matches!(
            (source["kind"].as_str(), source["apiGroup"].as_str().unwrap_or_default()),
            (Some("PersistentVolumeClaim"), "") | (Some("VolumeSnapshot"), "snapshot.storage.k8s.io")
        )
    });
    if !fits {
        map.remove("dataSource");
    }
}

/// Conditions of certificate requests say when they came.
fn condition_times(old: &Value, new: &mut Value, now: &str) {
    let before = old["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let conditions = new["status"].get_mut("conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        let same = before
            .iter()
            .find(|b| b["type"] == condition["type"] && b["status"] == condition["status"]);
        if condition["lastUpdateTime"].is_null() {
            condition["lastUpdateTime"] = now.into();
        }
        if condition["lastTransitionTime"].is_null() {
            let since = same.map(|b| b["lastTransitionTime"].clone()).filter(|time| !time.is_null());
            condition["lastTransitionTime"] = since.unwrap_or_else(|| now.into());
        }
    }
}

fn name_label(namespace: &mut Value) {
    let name = namespace["metadata"]["name"].clone();
    namespace["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
}

/// `stringData` is write-only: it goes into `data`, encoded.
fn merge_string_data(secret: &mut Value) {
    let Some(object) = secret.as_object_mut() else { return };
    let Some(Value::Object(texts)) = object.remove("stringData") else {
        return;
    };
    if texts.is_empty() {
        return;
    }
    let data = object.entry("data").or_insert_with(|| json!({}));
    if data.is_null() {
        *data = json!({});
    }
    for (key, text) in texts {
        data[key] = STANDARD.encode(text.as_str().unwrap_or_default()).into();
    }
}

/// The quality of service that a pod's requests and limits give it.
fn qos_class(pod: &Value) -> &'static str {
    let containers = ["containers", "initContainers"]
        .into_iter()
        .filter_map(|field| pod["spec"][field].as_array())
        .flatten();
    let (mut any, mut guaranteed) = (false, true);
    for container in containers {
        for resource in ["cpu", "memory"] {
            let limit = &container["resources"]["limits"][resource];
            let request = &container["resources"]["requests"][resource];
            any |= !limit.is_null() || !request.is_null();
            guaranteed &= !limit.is_null() && (request.is_null() || request == limit);
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// Jobs without labels have those of their pods.
fn default_job_labels(job: &mut Value) {
    if job["metadata"]["labels"].as_object().is_none_or(crate::value::Map::is_empty)
        && let Some(labels) = job["spec"]["template"]["metadata"]["labels"].as_object().filter(|l| !l.is_empty())
    {
        job["metadata"]["labels"] = labels.clone().into();
    }
}

/// Jobs find their pods by labels that carry the Job's uid, unless they bring a selector.
fn job_labels(job: &mut Value) {
    if job["spec"]["manualSelector"] == true {
        return;
    }
    let uid = job["metadata"]["uid"].clone();
    let name = job["metadata"]["name"].clone();
    if !job["spec"]["selector"].is_object() {
        job["spec"]["selector"] = json!({"matchLabels": {}});
    }
    job["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"] = uid.clone();
    let template = &mut job["spec"]["template"];
    if !template["metadata"].is_object() {
        template["metadata"] = json!({});
    }
    let labels = &mut template["metadata"]["labels"];
    if !labels.is_object() {
        *labels = json!({});
    }
    for prefix in ["", "batch.kubernetes.io/"] {
        labels[format!("{prefix}controller-uid")] = uid.clone();
        labels[format!("{prefix}job-name")] = name.clone();
    }
}
