//! Kinds that make pods from a template: deployments, replica sets, stateful sets, daemon sets.

use crate::value::Value;

use super::policy::share;
use super::rules::{self, Check, Rule, apply, as_struct, invalid_shown, text};
use super::{pods, selectors};
use crate::selector::LabelSelector;
use crate::status::Cause;

const READY: Rule = ("minReadySeconds", Check::NotNegative);
const HISTORY: Rule = ("revisionHistoryLimit", Check::NotNegative);
const REPLICAS: Rule = ("replicas", Check::NotNegative);

/// A workload of a kind; of an update only what it has in common with new ones.
pub(super) fn check(kind: &str, object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    match kind {
        "Deployment" => {
            apply(&[REPLICAS], spec, "spec", causes);
            selector(kind, spec, causes);
            strategy(spec, causes);
            apply(
                &[READY, HISTORY, ("progressDeadlineSeconds", Check::NotNegative)],
                spec,
                "spec",
                causes,
            );
            deadline(spec, causes);
        }
        "StatefulSet" => {
            stateful(spec, causes);
            selector(kind, spec, causes);
            apply(&[HISTORY], spec, "spec", causes);
        }
        "DaemonSet" => {
            selector(kind, spec, causes);
            apply(&[READY], spec, "spec", causes);
            daemon_strategy(&spec["updateStrategy"], causes);
            apply(&[HISTORY], spec, "spec", causes);
        }
        _ => {
            apply(&[REPLICAS, READY], spec, "spec", causes);
            selector(kind, spec, causes);
        }
    }
}

/// A ReplicationController, whose selector is a map.
pub(super) fn replication_controller(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    apply(&[READY], spec, "spec", causes);
    let wanted = spec["selector"].as_object();
    if wanted.is_none_or(crate::value::Map::is_empty) {
        causes.push(Cause::required("spec.selector", ""));
    }
    apply(&[REPLICAS], spec, "spec", causes);
    if !spec["template"].is_object() {
        causes.push(Cause::required("spec.template", ""));
        return;
    }
    let labels = &spec["template"]["metadata"]["labels"];
    if wanted.into_iter().flatten().any(|(key, value)| labels[key.as_str()] != *value) {
        mismatch(labels, causes);
    }
    template(&spec["template"], "spec.template", causes);
    always("ReplicationController", &spec["template"]["spec"], causes);
}

fn mismatch(labels: &Value, causes: &mut Vec<Cause>) {
    let detail = "`selector` does not match template `labels`";
    causes.push(Cause::invalid("spec.template.metadata.labels", labels, detail));
}

/// The selector selects the template's pods, which run for ever.
fn selector(kind: &str, spec: &Value, causes: &mut Vec<Cause>) {
    let selector = &spec["selector"];
    let labels = &spec["template"]["metadata"]["labels"];
    let before = causes.len();
    let parsed = LabelSelector::of_object(selector);
    let mut empty = false;
    if selector.is_object() {
        selectors::check(selector, "spec.selector", causes);
        if causes.len() > before {
            causes.push(Cause::invalid("spec.selector", selector, "invalid label selector"));
            return;
        }
        empty = parsed.is_empty();
        if empty {
            let detail = format!("empty selector is invalid for {}", kind.to_lowercase());
            causes.push(Cause::invalid("spec.selector", selector, &detail));
        }
    } else {
        causes.push(Cause::required("spec.selector", ""));
    }
    if !empty && !parsed.matches(labels.as_object()) {
        mismatch(labels, causes);
    }
    if kind == "StatefulSet" {
        // Volumes of its pods may come from claims, so that Kubernetes leaves the rest to the pods themselves.
        template_metadata(&spec["template"], "spec.template", causes);
    } else {
        template(&spec["template"], "spec.template", causes);
    }
    always(kind, &spec["template"]["spec"], causes);
}

/// Pods that are replaced when they end have no other policy, and no deadline.
fn always(kind: &str, pod: &Value, causes: &mut Vec<Cause>) {
    let policy = &pod["restartPolicy"];
    let place = "spec.template.spec.restartPolicy";
    if matches!(text(policy), "OnFailure" | "Never") {
        causes.push(rules::not_one_of(place, policy, &["Always"]));
    }
    if !pod["activeDeadlineSeconds"].is_null() {
        // Deployments are checked as the replica sets they make.
        let kind = if kind == "Deployment" { "ReplicaSet" } else { kind };
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        causes.push(Cause::forbidden("spec.template.spec.activeDeadlineSeconds", &detail));
    }
}

/// A pod template at `base`.
pub(super) fn template(template: &Value, base: &str, causes: &mut Vec<Cause>) {
    template_metadata(template, base, causes);
    pods::spec(&template["spec"], &format!("{base}.spec"), causes);
}

fn template_metadata(template: &Value, base: &str, causes: &mut Vec<Cause>) {
    let metadata = &template["metadata"];
    super::metadata::labels(&metadata["labels"], &format!("{base}.labels"), causes);
    super::metadata::annotations(&metadata["annotations"], &format!("{base}.annotations"), causes);
}

fn strategy(spec: &Value, causes: &mut Vec<Cause>) {
    let strategy = &spec["strategy"];
    let rolling = &strategy["rollingUpdate"];
    match text(&strategy["type"]) {
        "Recreate" if rolling.is_object() => {
            let detail = "may not be specified when strategy `type` is 'Recreate'";
            causes.push(Cause::forbidden("spec.strategy.rollingUpdate", detail));
        }
        "Recreate" => {}
        "RollingUpdate" | "" => rolling_update(rolling, causes),
        _ => {
            let shown = as_struct(strategy, &[("Type", "\"\""), ("RollingUpdate", "null")]);
            causes.push(Cause {
                reason: "FieldValueNotSupported".into(),
                message: format!("Unsupported value: {shown}: supported values: \"Recreate\", \"RollingUpdate\""),
                field: "spec.strategy".to_owned(),
            });
        }
    }
}

fn is_zero(value: &Value) -> bool {
    *value == 0
        || value
            .as_str()
            .is_some_and(|text| matches!(text.strip_suffix('%').unwrap_or("").parse(), Ok(0) | Err(_)))
}

fn rolling_update(rolling: &Value, causes: &mut Vec<Cause>) {
    let place = "spec.strategy.rollingUpdate";
    let (down, up) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
    apply(
        &[("maxUnavailable", Check::CountOrPercent), ("maxSurge", Check::CountOrPercent)],
        rolling,
        place,
        causes,
    );
    if is_zero(down) && is_zero(up) {
        let detail = "may not be 0 when `maxSurge` is 0";
        causes.push(Cause::invalid(format!("{place}.maxUnavailable"), down, detail));
    }
    apply(&[("maxUnavailable", Check::With(hundred))], rolling, place, causes);
}

/// Not more than all.
fn hundred(value: &Value, place: &str, causes: &mut Vec<Cause>) {
    let mut all = vec![];
    share(value, place, &mut all);
    causes.extend(all.into_iter().filter(|cause| cause.message.ends_with("100%")));
}

fn deadline(spec: &Value, causes: &mut Vec<Cause>) {
    let ready = spec["minReadySeconds"].as_i64().unwrap_or(0);
    let deadline = &spec["progressDeadlineSeconds"];
    if deadline.as_i64().is_some_and(|d| d <= ready) {
        let detail = "must be greater than minReadySeconds";
        causes.push(Cause::invalid("spec.progressDeadlineSeconds", deadline, detail));
    }
}

const RETENTION: &[&str] = &["Retain", "Delete"];

const STATEFUL: &[Rule] = &[
    ("persistentVolumeClaimRetentionPolicy.whenDeleted", Check::OneOf(RETENTION)),
    ("persistentVolumeClaimRetentionPolicy.whenScaled", Check::OneOf(RETENTION)),
    REPLICAS,
    ("ordinals.start", Check::NotNegative),
    ("serviceName", Check::Label),
    READY,
];

fn stateful(spec: &Value, causes: &mut Vec<Cause>) {
    let policy = &spec["podManagementPolicy"];
    if !matches!(text(policy), "" | "OrderedReady" | "Parallel") {
        let detail = "must be 'OrderedReady' or 'Parallel'";
        causes.push(Cause::invalid("spec.podManagementPolicy", policy, detail));
    }
    let strategy = &spec["updateStrategy"];
    let rolling = &strategy["rollingUpdate"];
    let place = "spec.updateStrategy";
    match text(&strategy["type"]) {
        "OnDelete" if rolling.is_object() => {
            let shown = as_struct(rolling, &[("Partition", "0"), ("MaxUnavailable", "null")]);
            let detail = "only allowed for updateStrategy 'RollingUpdate'";
            causes.push(invalid_shown(&format!("{place}.rollingUpdate"), &shown, detail));
        }
        "OnDelete" | "" => {}
        "RollingUpdate" => {
            let place = format!("{place}.rollingUpdate");
            apply(
                &[("partition", Check::NotNegative), ("maxUnavailable", Check::With(share))],
                rolling,
                &place,
                causes,
            );
            if is_zero(&rolling["maxUnavailable"]) {
                let field = format!("{place}.maxUnavailable");
                causes.push(Cause::invalid(field, &rolling["maxUnavailable"], "cannot be 0"));
            }
        }
        _ => {
            let shown = as_struct(strategy, &[("Type", "\"\""), ("RollingUpdate", "null")]);
            causes.push(invalid_shown(place, &shown, "must be 'RollingUpdate' or 'OnDelete'"));
        }
    }
    apply(STATEFUL, spec, "spec", causes);
}

fn daemon_strategy(strategy: &Value, causes: &mut Vec<Cause>) {
    let place = "spec.updateStrategy";
    let rolling = &strategy["rollingUpdate"];
    match text(&strategy["type"]) {
        "RollingUpdate" => {}
        "OnDelete" | "" => return,
        _ => {
            let shown = as_struct(strategy, &[("Type", "\"\""), ("RollingUpdate", "null")]);
            causes.push(Cause {
                reason: "FieldValueNotSupported".into(),
                message: format!("Unsupported value: {shown}: supported values: \"OnDelete\", \"RollingUpdate\""),
                field: place.to_owned(),
            });
            return;
        }
    }
    let place = format!("{place}.rollingUpdate");
    let (down, up) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
    let some = |value: &Value| !value.is_null() && !is_zero(value);
    apply(
        &[("maxUnavailable", Check::With(share)), ("maxSurge", Check::With(share))],
        rolling,
        &place,
        causes,
    );
    match (some(down), some(up)) {
        (true, true) => {
            let detail = "may not be set when maxUnavailable is non-zero";
            causes.push(Cause::invalid(format!("{place}.maxSurge"), up, detail));
        }
        (false, false) => {
            let detail = "cannot be 0 when maxSurge is 0";
            causes.push(Cause::required(format!("{place}.maxUnavailable"), detail));
        }
        _ => {}
    }
}
