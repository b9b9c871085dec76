//! The pods of a stateful set and their volume claims.

use crate::value::{Value, json};

use crate::controllers::fields::{Fields, entry};
use crate::controllers::pods;
use crate::object::Object;

/// Label of a pod with the name of its revision.
pub(super) const REVISION: &str = "controller-revision-hash";

/// A pod's ordinal, by its name.
pub(super) fn ordinal(set: &Object, pod: &Object) -> Option<i64> {
    pod.name().strip_prefix(set.name())?.strip_prefix('-')?.parse().ok()
}

/// The pod with an ordinal, of the template that `revision` keeps.
pub(super) fn of(set: &Object, revision: &Object, ordinal: i64) -> Value {
    let mut template = revision.at("/data/spec/template").clone();
    template.as_object_mut().and_then(|fields| fields.remove("$patch"));
    let name = format!("{}-{ordinal}", set.name());
    let mut pod = pods::from_template(&template, set);
    pod["metadata"]["name"] = name.clone().into();
    let labels = entry(&mut pod["metadata"], "labels");
    labels["statefulset.kubernetes.io/pod-name"] = name.clone().into();
    labels["apps.kubernetes.io/pod-index"] = ordinal.to_string().into();
    labels[REVISION] = revision.name().into();
    pod["spec"]["hostname"] = name.into();
    pod["spec"]["subdomain"] = set.str_at("/spec/serviceName").into();
    let claimed: Vec<Value> = set
        .list_at("/spec/volumeClaimTemplates")
        .iter()
        .map(|claim| volume(set, claim, ordinal))
        .collect();
    if !claimed.is_empty() {
        let is_claimed = |volume: &&Value| claimed.iter().any(|claim| claim["name"] == volume["name"]);
        let others = pod.list_at("/spec/volumes").iter().filter(|volume| !is_claimed(volume));
        pod["spec"]["volumes"] = claimed.iter().chain(others).cloned().collect();
    }
    pod
}

fn claim_name(set: &Object, template: &Value, ordinal: i64) -> String {
    format!("{}-{}-{ordinal}", template.str_at("/metadata/name"), set.name())
}

fn volume(set: &Object, template: &Value, ordinal: i64) -> Value {
    json!({"name": template["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim_name(set, template, ordinal)}})
}

/// The volume claims of the pod with an ordinal.
pub(super) fn claims(set: &Object, ordinal: i64) -> Vec<Value> {
    let claim = |template: &Value| {
        let mut claim =
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": template["metadata"], "spec": template["spec"]});
        claim["metadata"]["name"] = claim_name(set, template, ordinal).into();
        claim["metadata"]["namespace"] = set.namespace().into();
        for (label, value) in set.map_at("/spec/selector/matchLabels").into_iter().flatten() {
            entry(&mut claim["metadata"], "labels")[label] = value.clone();
        }
        claim
    };
    set.list_at("/spec/volumeClaimTemplates").iter().map(claim).collect()
}
