//! Where a pod may run: affinity, tolerations, spread, gates.

use crate::value::Value;

use super::super::rules::{Check, Rule, apply, faults, items, not_one_of, text};
use super::super::{names, selectors};
use crate::status::Cause;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const WEIGHT: &str = "must be in the range 1-100";
const NO_TOPOLOGY: &str = "can not be empty";

/// Affinity to nodes and to other pods.
pub(super) fn affinity(affinity: &Value, place: &str, causes: &mut Vec<Cause>) {
    nodes(&affinity["nodeAffinity"], &format!("{place}.nodeAffinity"), causes);
    for kind in ["podAffinity", "podAntiAffinity"] {
        let place = format!("{place}.{kind}");
        for (i, term) in items(&affinity[kind][REQUIRED]).iter().enumerate() {
            pod_term(term, &format!("{place}.{REQUIRED}[{i}]"), causes);
        }
        for (i, term) in items(&affinity[kind][PREFERRED]).iter().enumerate() {
            let place = format!("{place}.{PREFERRED}[{i}]");
            weight(&term["weight"], &place, causes);
            pod_term(&term["podAffinityTerm"], &format!("{place}.podAffinityTerm"), causes);
        }
    }
}

fn weight(weight: &Value, place: &str, causes: &mut Vec<Cause>) {
    if !(1..=100).contains(&weight.as_i64().unwrap_or(0)) {
        causes.push(Cause::invalid(format!("{place}.weight"), weight, WEIGHT));
    }
}

/// Affinity to nodes, which volumes have too.
fn nodes(affinity: &Value, place: &str, causes: &mut Vec<Cause>) {
    if affinity[REQUIRED].is_object() {
        node_selector(&affinity[REQUIRED], &format!("{place}.{REQUIRED}"), causes);
    }
    for (i, term) in items(&affinity[PREFERRED]).iter().enumerate() {
        let place = format!("{place}.{PREFERRED}[{i}]");
        weight(&term["weight"], &place, causes);
        selectors::node_term(&term["preference"], &format!("{place}.preference"), causes);
    }
}

/// A `NodeSelector` at `place`.
pub(in crate::validation) fn node_selector(selector: &Value, place: &str, causes: &mut Vec<Cause>) {
    let place = format!("{place}.nodeSelectorTerms");
    let terms = items(&selector["nodeSelectorTerms"]);
    if terms.is_empty() {
        causes.push(Cause::required(place.as_str(), "must have at least one node selector term"));
    }
    for (i, term) in terms.iter().enumerate() {
        let place = format!("{place}[{i}]");
        selectors::node_term(term, &place, causes);
        for (j, requirement) in items(&term["matchExpressions"]).iter().enumerate() {
            for (k, value) in items(&requirement["values"]).iter().enumerate() {
                let place = format!("{place}.matchExpressions[{j}].values[{k}]");
                if !matches!(text(&requirement["operator"]), "Gt" | "Lt") {
                    faults(&names::label_value(text(value)), &place, value, causes);
                }
            }
        }
    }
}

fn pod_term(term: &Value, place: &str, causes: &mut Vec<Cause>) {
    for field in ["labelSelector", "namespaceSelector"] {
        selectors::check(&term[field], &format!("{place}.{field}"), causes);
    }
    for namespace in items(&term["namespaces"]) {
        let wrong = names::label(text(namespace));
        faults(&wrong, &format!("{place}.namespace"), namespace, causes);
    }
    let key = text(&term["topologyKey"]);
    let field = format!("{place}.topologyKey");
    if key.is_empty() {
        causes.push(Cause::required(field.as_str(), NO_TOPOLOGY));
    }
    faults(&names::qualified_name(key), &field, &key.into(), causes);
}

/// A toleration at `place`.
pub(in crate::validation) fn toleration(toleration: &Value, place: &str, causes: &mut Vec<Cause>) {
    let (key, operator, effect) = (text(&toleration["key"]), text(&toleration["operator"]), text(&toleration["effect"]));
    let value = text(&toleration["value"]);
    let field = format!("{place}.operator");
    if !key.is_empty() {
        faults(&names::qualified_name(key), &format!("{place}.key"), &key.into(), causes);
    } else if operator != "Exists" {
        let detail = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        causes.push(Cause::invalid(field.as_str(), &operator.into(), detail));
    }
    if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
        let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        causes.push(Cause::invalid(format!("{place}.effect"), &effect.into(), detail));
    }
    match operator {
        "Equal" | "" => faults(&names::label_value(value), &field, &value.into(), causes),
        "Exists" if !value.is_empty() => {
            let detail = "value must be empty when `operator` is 'Exists'";
            causes.push(Cause::invalid(field, &value.into(), detail));
        }
        "Exists" => {}
        _ => causes.push(not_one_of(&field, &toleration["operator"], &["Equal", "Exists"])),
    }
    effect_of_taint(effect, &format!("{place}.effect"), causes);
}

/// The effect of a taint, if there is one.
pub(in crate::validation) fn effect_of_taint(effect: &str, place: &str, causes: &mut Vec<Cause>) {
    const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if !effect.is_empty() && !EFFECTS.contains(&effect) {
        causes.push(not_one_of(place, &effect.into(), EFFECTS));
    }
}

const SPREAD: &[Rule] = &[
    ("minDomains", Check::Above(0)),
    ("nodeAffinityPolicy", Check::OneOfIfSet(&["Honor", "Ignore"])),
    ("nodeTaintsPolicy", Check::OneOfIfSet(&["Honor", "Ignore"])),
    ("labelSelector", Check::Selector),
];

/// How pods are spread over the parts of a cluster.
pub(super) fn spread(constraints: &Value, place: &str, causes: &mut Vec<Cause>) {
    let mut seen: Vec<(&str, &str)> = vec![];
    for (i, constraint) in items(constraints).iter().enumerate() {
        let place = format!("{place}[{i}]");
        let skew = &constraint["maxSkew"];
        if skew.as_i64().unwrap_or(0) <= 0 {
            causes.push(Cause::invalid(format!("{place}.maxSkew"), skew, "must be greater than zero"));
        }
        let (key, action) = (text(&constraint["topologyKey"]), text(&constraint["whenUnsatisfiable"]));
        if key.is_empty() {
            causes.push(Cause::required(format!("{place}.topologyKey"), NO_TOPOLOGY));
        }
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&action) {
            let field = format!("{place}.whenUnsatisfiable");
            causes.push(not_one_of(&field, &action.into(), &["DoNotSchedule", "ScheduleAnyway"]));
        }
        if seen.contains(&(key, action)) {
            let both = format!("{{{key}, {action}}}");
            let field = format!("{place}.{{topologyKey, whenUnsatisfiable}}");
            causes.push(Cause::duplicate(field, &both.as_str().into()));
        }
        seen.push((key, action));
        if !constraint["minDomains"].is_null() && action != "DoNotSchedule" {
            let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
            causes.push(Cause::invalid(format!("{place}.minDomains"), &constraint["minDomains"], &detail));
        }
        apply(SPREAD, constraint, &place, causes);
    }
}

/// Gates hold a pod back, which therefore cannot be on a node yet.
pub(super) fn gates(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let gates = items(&spec["schedulingGates"]);
    let mut seen: Vec<&str> = vec![];
    for (i, gate) in gates.iter().enumerate() {
        let name = text(&gate["name"]);
        let place = format!("{base}.schedulingGates[{i}]");
        faults(&names::qualified_name(name), &place, &name.into(), causes);
        if seen.contains(&name) {
            causes.push(Cause::duplicate(place, &name.into()));
        }
        seen.push(name);
    }
    if !gates.is_empty() && !text(&spec["nodeName"]).is_empty() {
        let detail = "cannot be set until all schedulingGates have been cleared";
        causes.push(Cause::forbidden(format!("{base}.nodeName"), detail));
    }
}
