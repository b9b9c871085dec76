//! Horizontal pod autoscalers.

use crate::value::{Map, json};

use super::Fields as _;

/// Target of an autoscaler that names none, in percent of the requested CPU.
const CPU_PERCENT: i64 = 80;

pub(super) fn v1(autoscaler: &mut Map) {
    if let Some(spec) = autoscaler.object("spec") {
        spec.default("minReplicas", 1);
        spec.default("targetCPUUtilizationPercentage", CPU_PERCENT);
    }
}

pub(super) fn v2(autoscaler: &mut Map) {
    let Some(spec) = autoscaler.object("spec") else { return };
    spec.default("minReplicas", 1);
    spec.default(
        "metrics",
        json!([{
            "type": "Resource",
            "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": CPU_PERCENT}},
        }]),
    );
    if let Some(behavior) = spec.object("behavior") {
        let up = behavior.object_or_new("scaleUp");
        up.default("stabilizationWindowSeconds", 0);
        up.default("selectPolicy", "Max");
        up.default(
            "policies",
            json!([
                {"type": "Pods", "value": 4, "periodSeconds": 15},
                {"type": "Percent", "value": 100, "periodSeconds": 15},
            ]),
        );
        let down = behavior.object_or_new("scaleDown");
        down.default("selectPolicy", "Max");
        down.default("policies", json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]));
    }
}
