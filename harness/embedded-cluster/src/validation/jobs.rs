//! Jobs and cron jobs.

use crate::value::{Map, Value};

use super::rules::{self, Check, Rule, apply, text};
use super::{cron, formats, job_policies, selectors, workloads};
use crate::selector::LabelSelector;
use crate::status::Cause;

const JOB: &[Rule] = &[
    ("parallelism", Check::NotNegative),
    ("completions", Check::NotNegative),
    ("activeDeadlineSeconds", Check::NotNegative),
    ("backoffLimit", Check::NotNegative),
    ("ttlSecondsAfterFinished", Check::NotNegative),
    ("backoffLimitPerIndex", Check::NotNegative),
    ("maxFailedIndexes", Check::NotNegative),
    ("completionMode", Check::OneOfIfSet(&["NonIndexed", "Indexed"])),
    ("", Check::With(indexed)),
    ("", Check::With(job_policies::check)),
    ("managedBy", Check::Text(manager)),
];

/// A Job.
pub(super) fn job(job: &Value, causes: &mut Vec<Cause>) {
    let spec = &job["spec"];
    generated_selector(job, causes);
    apply(JOB, spec, "spec", causes);
    job_template(spec, "spec", causes);
    if spec["selector"].is_null() {
        causes.push(Cause::required("spec.selector", ""));
    }
    let before = causes.len();
    selectors::check(&spec["selector"], "spec.selector", causes);
    if causes.len() == before {
        selects_itself(spec, causes);
    }
}

/// What a Job's update is checked for once more.
pub(super) fn selects_itself(spec: &Value, causes: &mut Vec<Cause>) {
    let labels = &spec["template"]["metadata"]["labels"];
    if !LabelSelector::of_object(&spec["selector"]).matches(labels.as_object()) {
        let detail = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", labels, detail));
    }
}

/// Selectors that Kubernetes made are as it made them.
fn generated_selector(job: &Value, causes: &mut Vec<Cause>) {
    let spec = &job["spec"];
    if spec["manualSelector"] == true || !spec["selector"].is_object() {
        return;
    }
    let mut wrong = vec![];
    selectors::check(&spec["selector"], "", &mut wrong);
    if !wrong.is_empty() {
        // That is said later.
        return;
    }
    let (uid, name) = (&job["metadata"]["uid"], &job["metadata"]["name"]);
    let labels = [
        "batch.kubernetes.io/controller-uid",
        "controller-uid",
        "batch.kubernetes.io/job-name",
        "job-name",
    ];
    let own: Map = labels
        .map(|key| (key, if key.ends_with("uid") { uid.clone() } else { name.clone() }))
        .into_iter()
        .collect();
    if !LabelSelector::of_object(&spec["selector"]).matches(Some(&own)) {
        causes.push(Cause::invalid("spec.selector", &spec["selector"], "`selector` not auto-generated"));
    }
}

fn job_template(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    workloads::template(&spec["template"], &format!("{base}.template"), causes);
    let place = format!("{base}.template.spec.restartPolicy");
    let policy = &spec["template"]["spec"]["restartPolicy"];
    if *policy == "Always" {
        causes.push(Cause::required(place, "valid values: \"OnFailure\", \"Never\""));
    } else if *policy == "OnFailure" && spec["podFailurePolicy"].is_object() {
        let detail = "only \"Never\" is supported when podFailurePolicy is specified";
        causes.push(Cause::invalid(place, policy, detail));
    }
}

fn manager(name: &str) -> Vec<String> {
    formats::domain_path(name)
}

fn indexed(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    if spec["completionMode"] == "Indexed" {
        if spec["completions"].is_null() {
            let detail = "when completion mode is Indexed";
            causes.push(Cause::required(format!("{base}.completions"), detail));
        }
        if spec["backoffLimitPerIndex"].is_null() && !spec["maxFailedIndexes"].is_null() {
            let detail = "when maxFailedIndexes is specified";
            causes.push(Cause::required(format!("{base}.backoffLimitPerIndex"), detail));
        }
        return;
    }
    for field in ["backoffLimitPerIndex", "maxFailedIndexes"].iter().filter(|f| !spec[**f].is_null()) {
        let detail = "requires indexed completion mode";
        causes.push(Cause::invalid(format!("{base}.{field}"), &spec[*field], detail));
    }
}

const CRON: &[Rule] = &[
    ("startingDeadlineSeconds", Check::NotNegative),
    ("concurrencyPolicy", Check::OneOf(&["Allow", "Forbid", "Replace"])),
    ("schedule", Check::RequiredText(cron::schedule)),
    ("timeZone", Check::With(time_zone)),
    ("successfulJobsHistoryLimit", Check::NotNegative),
    ("failedJobsHistoryLimit", Check::NotNegative),
];

/// A CronJob.
pub(super) fn cron_job(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    apply(CRON, spec, "spec", causes);
    let job = &spec["jobTemplate"]["spec"];
    let base = "spec.jobTemplate.spec";
    apply(JOB, job, base, causes);
    job_template(job, base, causes);
    if !job["selector"].is_null() {
        let detail = "`selector` will be auto-generated";
        causes.push(Cause::invalid(format!("{base}.selector"), &job["selector"], detail));
    }
    if job["manualSelector"] == true {
        let place = format!("{base}.manualSelector");
        causes.push(rules::not_one_of(&place, &true.into(), &["nil", "false"]));
    }
}

fn time_zone(zone: &Value, place: &str, causes: &mut Vec<Cause>) {
    if zone.is_null() {
        return;
    }
    rules::faults(&cron::time_zone(text(zone)), place, &text(zone).into(), causes);
}
