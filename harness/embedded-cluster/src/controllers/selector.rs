//! Label selectors as they stand inside objects (`matchLabels`, `matchExpressions`), and the
//! requirements of node selectors.

use crate::value::{Map, Value};

use super::fields::Fields;
use crate::object::Object;

/// The labels of an object.
pub(crate) type Labels = Map;

/// Whether a `LabelSelector` matches. An empty one matches everything, an absent one nothing.
pub(crate) fn matches(selector: &Value, labels: Option<&Labels>) -> bool {
    selector.is_object()
        && selector.map_at("/matchLabels").is_none_or(|wanted| matches_map(wanted, labels))
        && selector
            .list_at("/matchExpressions")
            .iter()
            .all(|requirement| requirement_holds(requirement, labels))
}

/// Whether an owner's `spec.selector` matches. A ReplicationController's is a mere list of labels.
pub(crate) fn selects(owner: &Object, labels: Option<&Labels>) -> bool {
    let selector = owner.at("/spec/selector");
    match selector.as_object() {
        Some(wanted) if owner.kind() == "ReplicationController" => !wanted.is_empty() && matches_map(wanted, labels),
        _ => matches(selector, labels),
    }
}

/// Whether a `LabelSelector` selects by anything at all.
pub(crate) fn is_empty(selector: &Value) -> bool {
    selector.map_at("/matchLabels").is_none_or(Map::is_empty) && selector.list_at("/matchExpressions").is_empty()
}

/// Whether all of `wanted` are among `labels` (the selector of a Service or a node selector).
pub(crate) fn matches_map(wanted: &Labels, labels: Option<&Labels>) -> bool {
    wanted
        .iter()
        .all(|(key, value)| labels.is_some_and(|labels| labels.get(key) == Some(value)))
}

/// Whether one requirement `{key, operator, values}` holds. `Gt` and `Lt` occur in node selectors.
pub(crate) fn requirement_holds(requirement: &Value, labels: Option<&Labels>) -> bool {
    let value = labels
        .and_then(|labels| labels.get(requirement.str_at("/key")))
        .and_then(Value::as_str);
    let values = requirement.list_at("/values");
    let listed = |value: &str| values.iter().any(|v| v.as_str() == Some(value));
    let bound = || values.first().and_then(Value::as_str).and_then(|v| v.parse::<i64>().ok());
    let number = || value.and_then(|v| v.parse::<i64>().ok());
    match requirement.str_at("/operator") {
        "In" => value.is_some_and(listed),
        "NotIn" => !value.is_some_and(listed),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => number().zip(bound()).is_some_and(|(value, bound)| value > bound),
        "Lt" => number().zip(bound()).is_some_and(|(value, bound)| value < bound),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::value::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::absent(Value::Null, false)]
    #[case::empty(json!({}), true)]
    #[case::label(json!({"matchLabels": {"app": "web"}}), true)]
    #[case::other_value(json!({"matchLabels": {"app": "db"}}), false)]
    #[case::both(json!({"matchLabels": {"app": "web", "tier": "1"}}), true)]
    #[case::one_missing(json!({"matchLabels": {"app": "web", "zone": "a"}}), false)]
    #[case::in_list(json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["db", "web"]}]}), true)]
    #[case::not_in_list(json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}), false)]
    #[case::not_in_absent(json!({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}), true)]
    #[case::exists(json!({"matchExpressions": [{"key": "zone", "operator": "Exists"}]}), false)]
    #[case::does_not_exist(json!({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}), true)]
    #[case::greater(json!({"matchExpressions": [{"key": "tier", "operator": "Gt", "values": ["0"]}]}), true)]
    #[case::less(json!({"matchExpressions": [{"key": "tier", "operator": "Lt", "values": ["1"]}]}), false)]
    #[case::unknown_operator(json!({"matchExpressions": [{"key": "app", "operator": "Like"}]}), false)]
    fn label_selectors(#[case] selector: Value, #[case] expected: bool) {
        let labels = json!({"app": "web", "tier": "1"});
        assert_eq!(matches(&selector, labels.as_object()), expected);
    }
}
