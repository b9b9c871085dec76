//! `nodeSelector` and node affinity.

use crate::value::{Map, Value};

use crate::controllers::fields::Fields;
use crate::controllers::selector;
use crate::object::Object;

const REQUIRED: &str = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
const PREFERRED: &str = "/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution";

/// Whether a pod may run on a node by its `nodeSelector` and required affinity.
pub(crate) fn allows(pod: &impl Fields, node: &Object) -> bool {
    let selected = pod
        .map_at("/spec/nodeSelector")
        .is_none_or(|wanted| selector::matches_map(wanted, node.labels()));
    // An empty list of terms matches nothing, an absent one everything.
    let required = pod.at(REQUIRED);
    selected && (required.is_null() || pod.list_at(REQUIRED).iter().any(|term| matches(term, node)))
}

/// Weight of a pod's preferences that a node meets.
pub(super) fn preference(pod: &Object, node: &Object) -> i64 {
    let met = pod.list_at(PREFERRED).iter().filter(|p| matches(&p["preference"], node));
    met.map(|preference| preference.int_at("/weight")).sum()
}

/// A term without any requirement matches nothing.
fn matches(term: &Value, node: &Object) -> bool {
    let (labels, fields) = (term.list_at("/matchExpressions"), term.list_at("/matchFields"));
    let name: Map = [("metadata.name".to_owned(), node.name().into())].into_iter().collect();
    !(labels.is_empty() && fields.is_empty())
        && labels
            .iter()
            .all(|requirement| selector::requirement_holds(requirement, node.labels()))
        && fields
            .iter()
            .all(|requirement| selector::requirement_holds(requirement, Some(&name)))
}

#[cfg(test)]
mod tests {
    use crate::value::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing_asked(Value::Null, Value::Null, true)]
    #[case::selected(json!({"zone": "a"}), Value::Null, true)]
    #[case::not_selected(json!({"zone": "b"}), Value::Null, false)]
    #[case::term(Value::Null, json!([{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]), true)]
    #[case::any_term(Value::Null, json!([{"matchExpressions": [{"key": "x", "operator": "Exists"}]}, {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}]), true)]
    #[case::empty_term(Value::Null, json!([{}]), false)]
    #[case::no_terms(Value::Null, json!([]), false)]
    #[case::both(json!({"zone": "b"}), json!([{"matchExpressions": [{"key": "zone", "operator": "Exists"}]}]), false)]
    fn required(#[case] selector: Value, #[case] terms: Value, #[case] expected: bool) {
        let node = Object::new(json!({"metadata": {"name": "n", "labels": {"zone": "a"}}}));
        let mut pod = json!({"spec": {}});
        if !selector.is_null() {
            pod["spec"]["nodeSelector"] = selector;
        }
        if !terms.is_null() {
            pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] = terms;
        }
        assert_eq!(allows(&pod, &node), expected);
    }
}
