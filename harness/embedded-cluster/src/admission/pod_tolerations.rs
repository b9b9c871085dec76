//! Pods stay five minutes on a node that is not ready or not reachable.

use crate::value::json;

use super::{Attempt, Plugin};
use crate::status::Status;

const TAINTS: &[&str] = &["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const SECONDS: i64 = 300;

pub(super) struct DefaultTolerationSeconds;

impl Plugin for DefaultTolerationSeconds {
    fn mutate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if !attempt.is("", "pods") || attempt.is_delete() {
            return Ok(());
        }
        let mut tolerations = attempt.object["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
        for taint in TAINTS {
            let tolerated = tolerations.iter().any(|t| {
                let key = t["key"].as_str().unwrap_or_default();
                let effect = t["effect"].as_str().unwrap_or_default();
                (key == *taint || key.is_empty()) && (effect == "NoExecute" || effect.is_empty())
            });
            if !tolerated {
                tolerations.push(json!({"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}));
            }
        }
        attempt.object["spec"]["tolerations"] = tolerations.into();
        Ok(())
    }
}
