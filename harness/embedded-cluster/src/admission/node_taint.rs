//! `TaintNodesByCondition`: a new node takes no pods until it is known to be ready.

use super::{Attempt, Plugin};
use crate::status::Status;
use crate::value::json;

const NOT_READY: &str = "node.kubernetes.io/not-ready";

pub(super) struct TaintNodesByCondition;

impl Plugin for TaintNodesByCondition {
    fn mutate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if !attempt.is("", "nodes") || !attempt.is_create() {
            return Ok(());
        }
        let mut taints = attempt.object["spec"]["taints"].as_array().cloned().unwrap_or_default();
        if !taints
            .iter()
            .any(|taint| taint["key"] == NOT_READY && taint["effect"] == "NoSchedule")
        {
            taints.push(json!({"key": NOT_READY, "effect": "NoSchedule"}));
            attempt.object["spec"]["taints"] = taints.into();
        }
        Ok(())
    }
}
