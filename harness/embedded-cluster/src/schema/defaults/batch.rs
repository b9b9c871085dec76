//! Jobs.

use crate::value::{Map, json};

use super::{Fields as _, pod};

pub(super) fn job(job: &mut Map) {
    let Some(spec) = job.object("spec") else { return };
    if !spec.has("completions") && !spec.has("parallelism") {
        spec.insert("completions", json!(1));
    }
    spec.default("parallelism", 1);
    let retries = if spec.has("backoffLimitPerIndex") { i32::MAX } else { 6 };
    spec.default("backoffLimit", retries);
    spec.default("completionMode", "NonIndexed");
    spec.default("suspend", false);
    spec.default("manualSelector", false);
    let replacement = if spec.has("podFailurePolicy") {
        "Failed"
    } else {
        "TerminatingOrFailed"
    };
    spec.default("podReplacementPolicy", replacement);
    if let Some(policy) = spec.object("podFailurePolicy") {
        policy.each("rules", |rule| {
            rule.each("onPodConditions", |pattern| {
                if pattern.text("status").is_empty() {
                    pattern.insert("status", "True".into());
                }
            });
        });
    }
    let labels = spec
        .object("template")
        .and_then(|template| template.object("metadata"))
        .and_then(|metadata| metadata.get("labels").cloned());
    pod::template(spec);
    if let Some(labels) = labels {
        job.object_or_new("metadata").default("labels", labels);
    }
}

pub(super) fn cron_job(job: &mut Map) {
    let Some(spec) = job.object("spec") else { return };
    spec.default("concurrencyPolicy", "Allow");
    spec.default("suspend", false);
    spec.default("successfulJobsHistoryLimit", 3);
    spec.default("failedJobsHistoryLimit", 1);
    if let Some(job) = spec.object("jobTemplate").and_then(|template| template.object("spec")) {
        pod::template(job);
    }
}
