//! Taints and tolerations.

use crate::value::Value;

use crate::controllers::fields::Fields;

/// Whether any of `tolerations` tolerates a taint.
pub(crate) fn is_tolerated(taint: &Value, tolerations: &[Value]) -> bool {
    tolerations.iter().any(|toleration| tolerates(toleration, taint))
}

/// Whether a toleration is one of a taint.
pub(crate) fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let (effect, key) = (toleration.str_at("/effect"), toleration.str_at("/key"));
    if !effect.is_empty() && effect != taint.str_at("/effect") {
        return false;
    }
    if !key.is_empty() && key != taint.str_at("/key") {
        return false;
    }
    match toleration.str_at("/operator") {
        "Exists" => true,
        "" | "Equal" => !key.is_empty() && toleration.str_at("/value") == taint.str_at("/value"),
        _ => false,
    }
}

/// The taints that keep pods off a node, as opposed to those that only discourage them.
pub(crate) fn is_hard(taint: &Value) -> bool {
    matches!(taint.str_at("/effect"), "NoSchedule" | "NoExecute")
}

#[cfg(test)]
mod tests {
    use crate::value::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none(json!([]), false)]
    #[case::everything(json!([{"operator": "Exists"}]), true)]
    #[case::key(json!([{"key": "gpu", "operator": "Exists"}]), true)]
    #[case::value(json!([{"key": "gpu", "value": "a100"}]), true)]
    #[case::other_value(json!([{"key": "gpu", "value": "t4"}]), false)]
    #[case::other_effect(json!([{"key": "gpu", "operator": "Exists", "effect": "NoExecute"}]), false)]
    #[case::one_of_two(json!([{"key": "x", "operator": "Exists"}, {"key": "gpu", "operator": "Equal", "value": "a100"}]), true)]
    fn tolerated(#[case] tolerations: Value, #[case] expected: bool) {
        let taint = json!({"key": "gpu", "value": "a100", "effect": "NoSchedule"});
        assert_eq!(is_tolerated(&taint, tolerations.as_array().unwrap()), expected);
    }
}
