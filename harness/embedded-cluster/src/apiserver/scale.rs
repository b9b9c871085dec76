//! The `scale` subresource: replicas of anything that has them, as `autoscaling/v1 Scale`.

use std::sync::{Arc, LazyLock};

use crate::value::{Value, json};

use super::write::{Part, Write};
use super::{ApiServer, Outcome, PatchKind, Request, Verb, decode, read};
use crate::kinds::Kind;
use crate::selector::LabelSelector;
use crate::status::{Cause, Status};

static SCALE: LazyLock<Kind> = LazyLock::new(|| Kind::part("autoscaling", "v1", "Scale"));

/// get, update and patch of a scale.
pub(super) async fn answer(
    server: &Arc<ApiServer>,
    kind: &Arc<Kind>,
    request: &Request,
    warnings: &mut Vec<String>,
) -> Result<Outcome, Status> {
    if request.verb == Verb::Get {
        let object = read::find(server, kind, request)?;
        return Ok(Outcome::Value(scale_of(kind, object.value()), 200));
    }
    let write = Write::new(server, kind, request, warnings).of_part(&Scale);
    let outcome = match request.verb {
        Verb::Update => {
            let body = decode::object(&SCALE, &request.body, &request.options)?.value;
            replace(write, &mut |_| Ok(body.clone())).await?
        }
        _ => {
            let patch = decode::patch_of(&request.body)?;
            if patch.kind == PatchKind::Apply {
                apply(write, &patch.content).await?
            } else {
                replace(write, &mut |scale| {
                    decode::apply_simple_patch(&SCALE, patch.kind, scale, &patch.content)
                })
                .await?
            }
        }
    };
    let object = outcome.object()?;
    Ok(Outcome::Value(scale_of(kind, object.value()), 200))
}

/// Gives an object the scale that `change` makes of the present one.
async fn replace(mut write: Write<'_>, change: &mut (dyn FnMut(&Value) -> Result<Value, Status> + Send)) -> Result<Outcome, Status> {
    let kind = write.kind;
    write
        .replace_part(&mut |object| {
            let scale = change(&scale_of(kind, object))?;
            check(kind, &scale)?;
            Scale.put(kind, &scale, object);
            Ok(scale)
        })
        .await
}

/// Server-side apply: the fields of the scale are those of the object.
async fn apply(mut write: Write<'_>, config: &Value) -> Result<Outcome, Status> {
    let kind = write.kind;
    let mut part = json!({"apiVersion": kind.api_version(), "kind": kind.kind});
    for (field, wanted) in [("apiVersion", "autoscaling/v1"), ("kind", "Scale")] {
        if config[field] != wanted {
            return Err(Status::bad_request(format!(
                "invalid object type: {}, Kind={}",
                config["apiVersion"].as_str().unwrap_or_default(),
                config["kind"].as_str().unwrap_or_default()
            )));
        }
    }
    if let Some(metadata) = config.get("metadata") {
        part["metadata"] = metadata.clone();
    }
    if let Some(replicas) = config["spec"].get("replicas") {
        set(&mut part, &spec_replicas(kind), replicas.clone());
    }
    check(kind, config)?;
    write.apply(part).await
}

/// Refuses what is no scale, and negative numbers.
fn check(kind: &Kind, scale: &Value) -> Result<(), Status> {
    if let Err(fault) = SCALE.decode(&mut scale.clone()) {
        let cause = Cause::invalid("patch", &json!("{\"apiVersion\":...}"), &fault.to_string());
        return Err(Status::invalid("", "", "", vec![cause]));
    }
    let replicas = &scale["spec"]["replicas"];
    // That of a custom resource is looked at with the rest of it.
    if kind.custom.is_some() || replicas.as_i64().unwrap_or(0) >= 0 {
        return Ok(());
    }
    let name = scale["metadata"]["name"].as_str().unwrap_or_default();
    let cause = Cause::invalid("spec.replicas", replicas, "must be greater than or equal to 0");
    Err(Status::invalid("autoscaling", "Scale", name, vec![cause]))
}

/// The scale as a part of the object.
struct Scale;

impl Part for Scale {
    fn kind(&self) -> &Kind {
        &SCALE
    }

    fn of(&self, kind: &Kind, object: &Value) -> Value {
        scale_of(kind, object)
    }

    fn put(&self, kind: &Kind, scale: &Value, object: &mut Value) {
        let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
        set(object, &spec_replicas(kind), replicas.into());
    }
}

fn spec_replicas(kind: &Kind) -> String {
    kind.custom
        .as_ref()
        .and_then(|c| c.scale.as_ref())
        .map_or("/spec/replicas".to_owned(), |s| s.spec_replicas.clone())
}

/// The scale that an object has.
fn scale_of(kind: &Kind, value: &Value) -> Value {
    let custom = kind.custom.as_ref().and_then(|c| c.scale.as_ref());
    let number = |pointer: &str| value.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let selector = match custom {
        Some(scale) => scale
            .selector
            .as_ref()
            .and_then(|p| value.pointer(p))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        // Replication controllers have a plain map.
        None if value["spec"]["selector"].get("matchLabels").is_none() && value["spec"]["selector"].get("matchExpressions").is_none() => {
            LabelSelector::of_object(&json!({"matchLabels": value["spec"]["selector"]})).to_text()
        }
        None => LabelSelector::of_object(&value["spec"]["selector"]).to_text(),
    };
    let status_path = custom.map_or("/status/replicas", |s| s.status_replicas.as_str());
    let mut metadata = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(found) = value["metadata"].get(field) {
            metadata[field] = found.clone();
        }
    }
    let mut scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": {}, "status": {"replicas": number(status_path)},
    });
    let replicas = number(&spec_replicas(kind));
    if replicas != 0 {
        scale["spec"]["replicas"] = replicas.into();
    }
    if !selector.is_empty() {
        scale["status"]["selector"] = selector.into();
    }
    scale
}

/// Sets a value at a JSON pointer, making the objects on its way.
fn set(object: &mut Value, pointer: &str, value: Value) {
    let mut place = object;
    for step in pointer.split('/').skip(1) {
        place = &mut place[step];
    }
    *place = value;
}
