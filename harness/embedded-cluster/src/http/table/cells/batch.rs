//! Jobs, cron jobs, autoscalers.

use super::super::age;
use super::Shown;
use super::text::{NONE, UNSET, containers, or, plain, selector};
use crate::apiserver::convert;
use crate::controllers::fields::Fields;
use crate::value::{Value, json};

pub(super) fn cells(object: &Shown<'_>, plural: &str) -> Option<Value> {
    Some(match plural {
        "jobs" => {
            let spec = object.at("/spec/template/spec");
            json!([
                object.name(),
                status(object),
                completions(object),
                duration(object),
                object.age(),
                containers(spec, "name"),
                containers(spec, "image"),
                selector(object.at("/spec/selector")),
            ])
        }
        "cronjobs" => {
            let spec = object.at("/spec/jobTemplate/spec/template/spec");
            let last = object.at("/status/lastScheduleTime");
            json!([
                object.name(),
                object.str_at("/spec/schedule"),
                or(object.str_at("/spec/timeZone"), NONE),
                suspend(object.at("/spec/suspend")),
                object.list_at("/status/active").len(),
                if last.is_null() {
                    NONE.to_owned()
                } else {
                    age::of(last, object.now)
                },
                object.age(),
                containers(spec, "name"),
                containers(spec, "image"),
                selector(object.at("/spec/jobTemplate/spec/selector")),
            ])
        }
        "horizontalpodautoscalers" => {
            let target = object.at("/spec/scaleTargetRef");
            let least = plain(object.at("/spec/minReplicas"));
            json!([
                object.name(),
                format!("{}/{}", target.str_at("/kind"), target.str_at("/name")),
                targets(object),
                or(&least, UNSET),
                object.int_at("/spec/maxReplicas"),
                object.int_at("/status/currentReplicas"),
                object.age(),
            ])
        }
        _ => return None,
    })
}

fn suspend(value: &Value) -> &'static str {
    match value.as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => UNSET,
    }
}

fn status(job: &Shown<'_>) -> &'static str {
    let is = |kind: &str| {
        let mut conditions = job.list_at("/status/conditions").iter();
        conditions.any(|c| c.str_at("/type") == kind && c.str_at("/status") == "True")
    };
    if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else if job.is_deleted() {
        "Terminating"
    } else {
        let kinds = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];
        kinds.into_iter().find(|kind| is(kind)).unwrap_or("Running")
    }
}

fn completions(job: &Shown<'_>) -> String {
    let succeeded = job.int_at("/status/succeeded");
    match (job.number_at("/spec/completions"), job.int_at("/spec/parallelism")) {
        (Some(wanted), _) => format!("{succeeded}/{wanted}"),
        (None, parallelism) if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    }
}

fn duration(job: &Shown<'_>) -> String {
    let Some(start) = job.time_at("/status/startTime") else {
        return String::new();
    };
    age::since(start, job.time_at("/status/completionTime").unwrap_or(job.now))
}

/// `cpu: 20%/80%, memory: <unknown>/1Gi`, two of them at most.
fn targets(autoscaler: &Shown<'_>) -> String {
    // Of both versions, the same is shown.
    let object = convert::autoscaler_v2(autoscaler.object.value());
    let metrics = object.list_at("/spec/metrics");
    let current = object.list_at("/status/currentMetrics");
    let texts: Vec<String> = metrics
        .iter()
        .enumerate()
        .map(|(at, metric)| target(metric, current.get(at)))
        .collect();
    match texts.len() {
        0 => NONE.to_owned(),
        1 | 2 => texts.join(", "),
        all => format!("{} + {} more...", texts[..2].join(", "), all - 2),
    }
}

fn target(metric: &Value, current: Option<&Value>) -> String {
    let source = match metric.str_at("/type") {
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        "Pods" => "pods",
        "Object" => "object",
        "External" => "external",
        _ => return "<unknown type>".to_owned(),
    };
    let wanted = metric.at(&format!("/{source}/target"));
    let now = |field: &str, unit: &str| {
        let value = current
            .map(|current| plain(current.at(&format!("/{source}/current/{field}"))))
            .unwrap_or_default();
        if value.is_empty() {
            "<unknown>".to_owned()
        } else {
            format!("{value}{unit}")
        }
    };
    let name = match source {
        "resource" | "containerResource" => format!("{}: ", metric.at(&format!("/{source}")).str_at("/name")),
        _ => String::new(),
    };
    if let Some(utilization) = wanted.number_at("/averageUtilization") {
        return format!("{name}{}/{utilization}%", now("averageUtilization", "%"));
    }
    match plain(wanted.at("/averageValue")).as_str() {
        "" => format!("{name}{}/{}", now("value", ""), plain(wanted.at("/value"))),
        average if source == "object" || source == "external" => format!("{name}{}/{average} (avg)", now("averageValue", "")),
        average => format!("{name}{}/{average}", now("averageValue", "")),
    }
}
