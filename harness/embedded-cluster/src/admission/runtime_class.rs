//! Pods name a runtime class that exists, and take what it costs.

use super::{Attempt, Plugin};
use crate::status::Status;

pub(super) struct RuntimeClass;

impl Plugin for RuntimeClass {
    fn mutate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if !attempt.is("", "pods") || !attempt.is_create() {
            return Ok(());
        }
        let spec = &attempt.object["spec"];
        let name = spec["runtimeClassName"].as_str().unwrap_or_default();
        let overhead = &spec["overhead"];
        if name.is_empty() {
            return Ok(());
        }
        let class = attempt.server.store.get(&"runtimeclasses.node.k8s.io".into(), "", name);
        let Some(class) = class else {
            return Err(attempt.forbid(&format!("pod rejected: RuntimeClass {name:?} not found")));
        };
        let fixed = class.value()["overhead"]["podFixed"].clone();
        if !fixed.is_null() {
            if overhead.is_object() && *overhead != fixed {
                let because = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
                return Err(attempt.forbid(because));
            }
            attempt.object["spec"]["overhead"] = fixed;
        }
        Ok(())
    }

    /// What is left after [`Self::mutate`] and is not the class's comes from nowhere.
    fn validate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if !attempt.is("", "pods") || !attempt.is_create() || !attempt.object["spec"]["overhead"].is_object() {
            return Ok(());
        }
        let name = attempt.object["spec"]["runtimeClassName"].as_str().unwrap_or_default();
        let class = attempt.server.store.get(&"runtimeclasses.node.k8s.io".into(), "", name);
        if class.is_some_and(|class| !class.value()["overhead"]["podFixed"].is_null()) {
            return Ok(());
        }
        Err(attempt.forbid("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"))
    }
}
