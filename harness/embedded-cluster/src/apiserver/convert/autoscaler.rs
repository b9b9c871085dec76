//! HorizontalPodAutoscalers: `autoscaling/v1` knows one metric, and keeps the rest of `v2` in annotations.

use crate::value::{Value, json};

/// Parts of an autoscaler that `v1` does not have: where they are, and the annotation that stands for them.
const KEPT: [(&str, &str, &str); 4] = [
    ("spec", "metrics", "autoscaling.alpha.kubernetes.io/metrics"),
    ("spec", "behavior", "autoscaling.alpha.kubernetes.io/behavior"),
    ("status", "currentMetrics", "autoscaling.alpha.kubernetes.io/current-metrics"),
    ("status", "conditions", "autoscaling.alpha.kubernetes.io/conditions"),
];

/// Where each version has the processor's utilisation: the list, the field of its items, the single field.
const UTILIZATION: [(&str, &str, &str, &str); 2] = [
    ("spec", "metrics", "target", "targetCPUUtilizationPercentage"),
    ("status", "currentMetrics", "current", "currentCPUUtilizationPercentage"),
];

/// From `v2` to `v1`.
pub(super) fn to_v1(object: &mut Value) {
    for (part, list, field, single) in UTILIZATION {
        let metrics = object.get_mut(part).and_then(|part| part.get_mut(list));
        let Some(metrics) = metrics.and_then(Value::as_array_mut) else {
            continue;
        };
        let is_cpu = |metric: &Value| {
            metric["type"] == "Resource"
                && metric["resource"]["name"] == "cpu"
                && metric["resource"][field]["averageUtilization"].is_number()
        };
        if let Some(place) = metrics.iter().position(is_cpu) {
            let metric = metrics.remove(place);
            object[part][single] = metric["resource"][field]["averageUtilization"].clone();
        }
    }
    for (part, field, annotation) in KEPT {
        let kept = object
            .get_mut(part)
            .and_then(Value::as_object_mut)
            .and_then(|part| part.remove(field));
        if let Some(kept) = kept.filter(|kept| !kept.is_null() && kept.as_array().is_none_or(|list| !list.is_empty())) {
            object["metadata"]["annotations"][annotation] = kept.to_string().into();
        }
    }
}

/// From `v1` to `v2`.
pub(super) fn to_v2(object: &mut Value) {
    for (part, field, annotation) in KEPT {
        let annotations = object.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations"));
        let annotations = annotations.and_then(Value::as_object_mut);
        let kept = annotations.and_then(|annotations| annotations.remove(annotation));
        if let Some(kept) = kept.and_then(|text| serde_json::from_str::<Value>(text.as_str()?).ok()) {
            object[part][field] = kept;
        }
    }
    if object["metadata"]["annotations"]
        .as_object()
        .is_some_and(crate::value::Map::is_empty)
        && let Some(metadata) = object["metadata"].as_object_mut()
    {
        metadata.remove("annotations");
    }
    for (part, list, field, single) in UTILIZATION {
        let value = object
            .get_mut(part)
            .and_then(Value::as_object_mut)
            .and_then(|part| part.remove(single));
        let Some(value) = value.filter(Value::is_number) else { continue };
        let mut amount = json!({"averageUtilization": value});
        if field == "target" {
            amount["type"] = "Utilization".into();
        }
        let metric = json!({"type": "Resource", "resource": {"name": "cpu", field: amount}});
        let metrics = &mut object[part][list];
        match metrics.as_array_mut() {
            Some(metrics) => metrics.insert(0, metric),
            None => *metrics = json!([metric]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(json!({"spec": {"metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80, "type": "Utilization"}}}]}}),
        json!({"spec": {"targetCPUUtilizationPercentage": 80}}))]
    #[case(json!({"spec": {"maxReplicas": 3}}), json!({"spec": {"maxReplicas": 3}}))]
    fn there_and_back(#[case] v2: Value, #[case] v1: Value) {
        let mut object = v2.clone();
        to_v1(&mut object);
        assert_eq!(object, v1);
        to_v2(&mut object);
        assert_eq!(object, v2);
    }

    #[test]
    fn nothing_is_lost() {
        let memory =
            json!({"type": "Resource", "resource": {"name": "memory", "target": {"averageUtilization": 50, "type": "Utilization"}}});
        let v2 = json!({"spec": {"metrics": [memory], "behavior": {"scaleDown": {"selectPolicy": "Max"}}}});
        let mut object = v2.clone();
        to_v1(&mut object);
        assert_eq!(object["spec"], json!({}));
        to_v2(&mut object);
        assert_eq!(object["spec"], v2["spec"]);
    }
}
