//! Kinds that make pods from a template.

use crate::value::Value;

use super::pods;
use super::rules::{self, Check, Rule};
use crate::selector::LabelSelector;
use crate::status::Cause;

const COUNTS: &[Rule] = &[
    ("spec.replicas", Check::NotNegative),
    ("spec.minReadySeconds", Check::NotNegative),
    ("spec.revisionHistoryLimit", Check::NotNegative),
    ("spec.progressDeadlineSeconds", Check::NotNegative),
    ("spec.parallelism", Check::NotNegative),
    ("spec.completions", Check::NotNegative),
    ("spec.activeDeadlineSeconds", Check::NotNegative),
    ("spec.backoffLimit", Check::NotNegative),
    ("spec.ttlSecondsAfterFinished", Check::NotNegative),
    ("spec.completionMode", Check::OneOf(&["NonIndexed", "Indexed"])),
];

const CRON: &[Rule] = &[
    ("spec.schedule", Check::Required),
    ("spec.concurrencyPolicy", Check::OneOf(&["Allow", "Forbid", "Replace"])),
    ("spec.startingDeadlineSeconds", Check::NotNegative),
    ("spec.successfulJobsHistoryLimit", Check::NotNegative),
    ("spec.failedJobsHistoryLimit", Check::NotNegative),
];

/// Deployments, replica sets, stateful sets, daemon sets and jobs.
pub(super) fn check(kind: &str, object: &Value, causes: &mut Vec<Cause>) {
    rules::apply(COUNTS, object, "", causes);
    selector(kind, object, causes);
    if kind == "Deployment" {
        strategy(&object["spec"], causes);
    }
    template(kind, &object["spec"]["template"], "spec.template", causes);
}

/// Cron jobs.
pub(super) fn cron_job(object: &Value, causes: &mut Vec<Cause>) {
    rules::apply(CRON, object, "", causes);
    template(
        "Job",
        &object["spec"]["jobTemplate"]["spec"]["template"],
        "spec.jobTemplate.spec.template",
        causes,
    );
}

/// The selector selects the template's pods.
fn selector(kind: &str, object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let selector = &spec["selector"];
    let labels = &spec["template"]["metadata"]["labels"];
    if kind != "Job" {
        if !selector.is_object() {
            causes.push(Cause::required("spec.selector", ""));
        } else if LabelSelector::of_object(selector).is_empty() {
            let detail = format!("empty selector is invalid for {}", kind.to_lowercase());
            causes.push(Cause::invalid("spec.selector", selector, &detail));
            return;
        }
    }
    if !LabelSelector::of_object(selector).matches(labels.as_object()) {
        let detail = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", labels, detail));
    }
}

fn strategy(spec: &Value, causes: &mut Vec<Cause>) {
    let rolling = &spec["strategy"]["rollingUpdate"];
    if spec["strategy"]["type"] == "Recreate" && rolling.is_object() {
        let detail = "may not be specified when strategy `type` is 'Recreate'";
        causes.push(Cause::forbidden("spec.strategy.rollingUpdate", detail));
    }
    let zero = |v: &Value| *v == 0 || *v == "0%";
    if zero(&rolling["maxUnavailable"]) && zero(&rolling["maxSurge"]) {
        let field = "spec.strategy.rollingUpdate.maxUnavailable";
        causes.push(Cause::invalid(
            field,
            &rolling["maxUnavailable"],
            "may not be 0 when `maxSurge` is 0",
        ));
    }
    let (deadline, ready) = (
        spec["progressDeadlineSeconds"].as_i64(),
        spec["minReadySeconds"].as_i64().unwrap_or(0),
    );
    if let Some(deadline) = deadline.filter(|d| *d >= 0 && *d <= ready) {
        causes.push(Cause::invalid(
            "spec.progressDeadlineSeconds",
            &deadline.into(),
            "must be greater than minReadySeconds",
        ));
    }
}

fn template(kind: &str, template: &Value, base: &str, causes: &mut Vec<Cause>) {
    super::metadata::labels(&template["metadata"]["labels"], &format!("{base}.labels"), causes);
    let spec_base = format!("{base}.spec");
    pods::spec(&template["spec"], &spec_base, causes);
    let policy = &template["spec"]["restartPolicy"];
    let place = format!("{spec_base}.restartPolicy");
    match (kind, policy.as_str()) {
        ("Job", Some("Always")) => causes.push(Cause::required(place, "valid values: \"OnFailure\", \"Never\"")),
        ("Job", _) => {}
        (_, Some("OnFailure" | "Never")) => causes.push(rules::not_one_of(&place, policy, &["Always"])),
        _ => {}
    }
}
