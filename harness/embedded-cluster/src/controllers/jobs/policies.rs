//! What failed pods and succeeded indexes mean for a job with policies.

use std::collections::BTreeSet;

use super::indexes;
use crate::controllers::fields::Fields;
use crate::object::Object;
use crate::value::Value;

/// What a job's `podFailurePolicy` makes of a failed pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// A failure as others are; also where no rule matches.
    Count,
    /// No failure.
    Ignore,
    /// The end of the pod's index.
    FailIndex,
    /// The end of the job, with this message.
    FailJob(String),
}

impl Action {
    /// Whether the pod counts as failed.
    pub(super) fn counts(&self) -> bool {
        *self != Self::Ignore
    }
}

/// What the first rule that matches says about a failed pod.
pub(super) fn on_failure(job: &Object, pod: &Object) -> Action {
    let rules = job.list_at("/spec/podFailurePolicy/rules").iter().enumerate();
    let matching = |(at, rule): (usize, &Value)| {
        let because = because(rule, pod)?;
        Some(match rule.str_at("/action") {
            "Ignore" => Action::Ignore,
            "FailIndex" => Action::FailIndex,
            "FailJob" => Action::FailJob(format!("{because} matching FailJob rule at index {at}")),
            _ => Action::Count,
        })
    };
    rules.map(matching).find_map(|action| action).unwrap_or(Action::Count)
}

/// Why a rule matches a pod.
fn because(rule: &Value, pod: &Object) -> Option<String> {
    let name = || format!("{}/{}", pod.namespace().unwrap_or_default(), pod.name());
    if rule["onExitCodes"].is_object() {
        let of = |list: &str| pod.list_at(list).iter().find_map(|container| exit(&rule["onExitCodes"], container));
        let (container, code) = of("/status/containerStatuses").or_else(|| of("/status/initContainerStatuses"))?;
        return Some(format!("Container {container} for pod {} failed with exit code {code}", name()));
    }
    let patterns = rule.list_at("/onPodConditions");
    let wanted = |condition: &&Value| {
        patterns
            .iter()
            .any(|pattern| pattern["type"] == condition["type"] && pattern["status"] == condition["status"])
    };
    let condition = pod.list_at("/status/conditions").iter().find(wanted)?;
    Some(format!("Pod {} has condition {}", name(), condition.str_at("/type")))
}

/// The name and exit code of a container that ended as the rule says.
fn exit<'a>(rule: &Value, container: &'a Value) -> Option<(&'a str, i64)> {
    let name = container.str_at("/name");
    let code = container.number_at("/state/terminated/exitCode").filter(|code| *code != 0)?;
    let named = rule["containerName"].as_str().is_none_or(|wanted| wanted == name);
    let among = rule.list_at("/values").iter().any(|value| value.as_i64() == Some(code));
    (named && among == (rule["operator"] == "In")).then_some((name, code))
}

/// Which rule of the `successPolicy` the completed indexes fulfil, in words.
pub(super) fn success(job: &Object, completed: &BTreeSet<i64>) -> Option<String> {
    let fulfilled = |rule: &Value| {
        let count = rule.number_at("/succeededCount").and_then(|count| usize::try_from(count).ok());
        let Some(wanted) = rule["succeededIndexes"].as_str().map(indexes::parse) else {
            return count.is_some_and(|count| completed.len() >= count);
        };
        wanted.intersection(completed).count() >= count.unwrap_or(wanted.len())
    };
    let rules = job.list_at("/spec/successPolicy/rules");
    let at = rules.iter().position(fulfilled).filter(|_| !completed.is_empty())?;
    Some(format!("Matched rules at index {at}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::value::json;

    fn exit_codes(operator: &str, values: Value, action: &str) -> Value {
        json!({"action": action, "onExitCodes": {"containerName": null, "operator": operator, "values": values}})
    }

    fn conditions(action: &str) -> Value {
        json!({"action": action, "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]})
    }

    #[rstest]
    #[case::no_policy(json!([]), Action::Count)]
    #[case::code(json!([exit_codes("In", json!([1, 42]), "FailJob")]),
        Action::FailJob("Container main for pod ns/p failed with exit code 42 matching FailJob rule at index 0".into()))]
    #[case::another_code(json!([exit_codes("In", json!([1]), "FailJob")]), Action::Count)]
    #[case::every_other_code(json!([exit_codes("NotIn", json!([1]), "FailIndex")]), Action::FailIndex)]
    #[case::another_container(
        json!([{"action": "Ignore", "onExitCodes": {"containerName": "x", "operator": "NotIn", "values": [1]}}]), Action::Count)]
    #[case::the_first_rule_that_matches(json!([exit_codes("In", json!([1]), "FailJob"), conditions("Ignore"), conditions("FailJob")]), Action::Ignore)]
    #[case::condition(json!([exit_codes("In", json!([1]), "Count"), conditions("FailJob")]),
        Action::FailJob("Pod ns/p has condition DisruptionTarget matching FailJob rule at index 1".into()))]
    fn failures(#[case] rules: Value, #[case] expected: Action) {
        let job = Object::new(json!({"spec": {"podFailurePolicy": {"rules": rules}}}));
        let pod = Object::new(json!({
            "metadata": {"name": "p", "namespace": "ns"},
            "status": {
                "phase": "Failed",
                "conditions": [{"type": "DisruptionTarget", "status": "True"}],
                "containerStatuses": [
                    {"name": "side", "state": {"terminated": {"exitCode": 0}}},
                    {"name": "main", "state": {"terminated": {"exitCode": 42}}},
                ],
            },
        }));
        assert_eq!(on_failure(&job, &pod), expected);
    }

    #[rstest]
    #[case::none_yet(json!([{"succeededCount": 0}]), "", None)]
    #[case::count(json!([{"succeededCount": 2}]), "0,4", Some(0))]
    #[case::too_few(json!([{"succeededCount": 2}]), "0", None)]
    #[case::indexes(json!([{"succeededIndexes": "0-2"}]), "0-2", Some(0))]
    #[case::not_all_indexes(json!([{"succeededIndexes": "0-2"}, {"succeededIndexes": "4"}]), "1,2,4", Some(1))]
    #[case::some_of_indexes(json!([{"succeededIndexes": "0-2", "succeededCount": 2}]), "0,2", Some(0))]
    #[case::others(json!([{"succeededIndexes": "0-2", "succeededCount": 2}]), "2-9", None)]
    fn successes(#[case] rules: Value, #[case] completed: &str, #[case] at: Option<usize>) {
        let job = Object::new(json!({"spec": {"successPolicy": {"rules": rules}}}));
        let expected = at.map(|at| format!("Matched rules at index {at}"));
        assert_eq!(success(&job, &indexes::parse(completed)), expected);
    }
}
