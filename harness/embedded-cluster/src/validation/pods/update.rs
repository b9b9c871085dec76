//! What may change in a pod that is there.

use crate::value::Value;

use crate::status::Cause;

const FROZEN: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,\
    `spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow \
    it to be set to 1 if it was previously negative)";

/// What may not change in a running pod. Kubernetes adds how the specs differ to its message.
pub(in crate::validation) fn update(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let deadline = |v: &Value| v["activeDeadlineSeconds"].as_i64();
    if let (Some(was), Some(wanted)) = (deadline(&old["spec"]), deadline(&new["spec"]))
        && wanted > was
    {
        let field = "spec.activeDeadlineSeconds";
        causes.push(Cause::invalid(
            field,
            &wanted.into(),
            "must be less than or equal to previous value",
        ));
        return;
    }
    let mut allowed = new["spec"].clone();
    for field in ["containers", "initContainers"] {
        let images: Vec<Value> = old["spec"][field]
            .as_array()
            .into_iter()
            .flatten()
            .map(|c| c["image"].clone())
            .collect();
        let containers = allowed.get_mut(field).and_then(Value::as_array_mut);
        for (container, image) in containers.into_iter().flatten().zip(images) {
            container["image"] = image;
        }
    }
    for field in ["activeDeadlineSeconds", "tolerations", "nodeName", "schedulingGates"] {
        // The scheduler binds through its own path, which is not checked here.
        if field == "nodeName" {
            continue;
        }
        match old["spec"].get(field) {
            Some(value) => allowed[field] = value.clone(),
            None => {
                if let Some(spec) = allowed.as_object_mut() {
                    spec.remove(field);
                }
            }
        }
    }
    if allowed != old["spec"] {
        causes.push(Cause::forbidden("spec", FROZEN));
    }
}
