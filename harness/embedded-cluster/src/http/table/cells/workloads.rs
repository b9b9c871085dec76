//! Deployments and their like.

use super::Shown;
use super::text::{NONE, containers, labels, selector};
use crate::controllers::fields::Fields;
use crate::value::{Value, json};

pub(super) fn cells(object: &Shown<'_>, plural: &str) -> Option<Value> {
    let status = |field: &str| object.int_at(&format!("/status/{field}"));
    let desired = object.int_at("/spec/replicas");
    let spec = object.at("/spec/template/spec");
    let (names, images) = (containers(spec, "name"), containers(spec, "image"));
    Some(match plural {
        "deployments" => json!([
            object.name(),
            format!("{}/{desired}", status("readyReplicas")),
            status("updatedReplicas"),
            status("availableReplicas"),
            object.age(),
            names,
            images,
            selector(object.at("/spec/selector")),
        ]),
        "replicasets" => json!([
            object.name(),
            desired,
            status("replicas"),
            status("readyReplicas"),
            object.age(),
            names,
            images,
            selector(object.at("/spec/selector")),
        ]),
        "replicationcontrollers" => json!([
            object.name(),
            desired,
            status("replicas"),
            status("readyReplicas"),
            object.age(),
            names,
            images,
            labels(object.map_at("/spec/selector")),
        ]),
        "statefulsets" => json!([
            object.name(),
            format!("{}/{desired}", status("readyReplicas")),
            object.age(),
            names,
            images,
        ]),
        "daemonsets" => json!([
            object.name(),
            status("desiredNumberScheduled"),
            status("currentNumberScheduled"),
            status("numberReady"),
            status("updatedNumberScheduled"),
            status("numberAvailable"),
            labels(spec.map_at("/nodeSelector")),
            object.age(),
            names,
            images,
            selector(object.at("/spec/selector")),
        ]),
        "podtemplates" => {
            let spec = object.at("/template/spec");
            let labels = labels(object.map_at("/template/metadata/labels"));
            json!([object.name(), containers(spec, "name"), containers(spec, "image"), labels])
        }
        "controllerrevisions" => json!([object.name(), owner(object), object.int_at("/revision"), object.age()]),
        _ => return None,
    })
}

/// The controller that owns an object: `deployment.apps/name`.
fn owner(object: &Shown<'_>) -> String {
    let Some(owner) = object.object.controller() else {
        return NONE.to_owned();
    };
    let kind = owner.kind.to_lowercase();
    match owner.api_version.split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{}", owner.name),
        None => format!("{kind}/{}", owner.name),
    }
}
