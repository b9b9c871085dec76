//! The `scale` subresource: replicas of anything that has them, as `autoscaling/v1 Scale`.

use std::sync::{Arc, LazyLock};

use crate::value::{Value, json};

use super::write::Write;
use super::{ApiServer, Outcome, Request, Verb, decode, read};
use crate::kinds::Kind;
use crate::object::Object;
use crate::selector::LabelSelector;
use crate::status::{Cause, Status};

static SCALE: LazyLock<Kind> = LazyLock::new(|| Kind::part("autoscaling", "v1", "Scale"));

/// get, update and patch of a scale.
pub(super) fn answer(server: &Arc<ApiServer>, kind: &Arc<Kind>, request: &Request, warnings: &mut Vec<String>) -> Result<Outcome, Status> {
    if request.verb == Verb::Get {
        let object = read::find(server, kind, request)?;
        return Ok(Outcome::Value(scale_of(kind, &object), 200));
    }
    let body = match request.verb {
        Verb::Update => decode::object(&SCALE, &request.body, &request.options)?.value,
        _ => {
            let present = read::find(server, kind, request)?;
            patched(request, &scale_of(kind, &present))?
        }
    };
    let replicas = body["spec"]["replicas"].as_i64().unwrap_or(0);
    let mut write = Write::new(server, kind, request, warnings);
    let outcome = write.replace_part(&body, &mut |object| {
        if replicas < 0 {
            let cause = Cause::invalid("spec.replicas", &replicas.into(), "must be greater than or equal to 0");
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            return Err(Status::invalid("autoscaling", "Scale", name, vec![cause]));
        }
        set(object, &spec_replicas(kind), replicas.into());
        Ok(())
    })?;
    let object = outcome.object()?;
    Ok(Outcome::Value(scale_of(kind, &object), 200))
}

fn patched(request: &Request, scale: &Value) -> Result<Value, Status> {
    let patch = decode::patch_of(&request.body)?;
    decode::apply_simple_patch(&SCALE, patch.kind, scale, &patch.content)
}

fn spec_replicas(kind: &Kind) -> String {
    kind.custom
        .as_ref()
        .and_then(|c| c.scale.as_ref())
        .map_or("/spec/replicas".to_owned(), |s| s.spec_replicas.clone())
}

/// The scale that an object has.
fn scale_of(kind: &Kind, object: &Object) -> Value {
    let value = object.value();
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
