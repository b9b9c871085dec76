//! `horizontal-pod-autoscaler`, in a cluster without metrics: scales are kept within their bounds, and autoscalers say that they cannot know more.

use futures::future::BoxFuture;

use super::conditions::{self, Condition};
use super::fields::{Fields, seconds};
use super::resources::AUTOSCALERS;
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;
use crate::value::{Value, json};

const NO_METRICS: &str = "the server could not find the requested resource";

/// Keys are autoscalers.
pub(crate) struct Autoscaling(pub(crate) Context);

/// What is to be done about a scale.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// Nobody scales what has no replicas.
    Disabled,
    /// Scale to so many replicas; why.
    Scale(i64, &'static str),
    /// Within its bounds: metrics would have to decide.
    Measure,
}

impl Controller for Autoscaling {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&AUTOSCALERS) {
            let new = !change.gone && change.old.as_ref().is_none_or(|old| old.at("/spec") != change.object.at("/spec"));
            return new.then(|| change.key()).into_iter().collect();
        }
        let Some(namespace) = change.object.namespace() else {
            return vec![];
        };
        let replicas = |state: Option<&Object>| state.map(|object| object.at("/spec/replicas").clone());
        if replicas(change.old.as_deref()) == replicas(change.new_state()) {
            return vec![];
        }
        let scalers = self.0.cache.in_namespace(&AUTOSCALERS, namespace);
        let about = |scaler: &Object| {
            let target = scaler.at("/spec/scaleTargetRef");
            target.str_at("/kind") == change.object.kind() && target.str_at("/name") == change.object.name()
        };
        scalers
            .iter()
            .filter(|scaler| about(scaler))
            .map(|scaler| Key::of(scaler))
            .collect()
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(scaler) = self.0.cache.get(&AUTOSCALERS, key) else {
                return Ok(None);
            };
            let mut status = scaler.at("/status").clone();
            if !status.is_object() {
                status = json!({"desiredReplicas": 0, "currentMetrics": null});
            }
            match self.scale(&scaler).await {
                Ok((resource, scale)) => self.act(&scaler, &resource, scale, &mut status).await,
                Err(error) => {
                    let message = format!("the HPA controller was unable to get the target's current scale: {error}");
                    self.say(&mut status, "AbleToScale", "False", "FailedGetScale", &message);
                    self.0.events.warning(&scaler, "FailedGetScale", &error).await;
                }
            }
            if status != *scaler.at("/status") {
                let mut value = scaler.value().clone();
                value["status"] = status;
                self.0.client.update_status(&AUTOSCALERS, value).await?;
            }
            Ok(None)
        })
    }
}

impl Autoscaling {
    /// The scale of an autoscaler's target.
    async fn scale(&self, scaler: &Object) -> Result<(Resource, Value), String> {
        let target = scaler.at("/spec/scaleTargetRef");
        let (version, kind) = (target.str_at("/apiVersion"), target.str_at("/kind"));
        let Some(found) = self.0.types.of_owner(version, kind) else {
            let group = version.split_once('/').map_or("", |(group, _)| group);
            return Err(format!("no matches for kind {kind:?} in group {group:?}"));
        };
        let client = &self.0.client;
        let scale = client.get_subresource(&found.resource, scaler.namespace(), target.str_at("/name"), "scale");
        let scale = scale.await.map_err(|error: Status| error.message)?;
        Ok((found.resource, scale))
    }

    async fn act(&self, scaler: &Object, resource: &Resource, mut scale: Value, status: &mut Value) {
        let current = scale.int_at("/spec/replicas");
        status["currentReplicas"] = current.into();
        let able = "the HPA controller was able to get the target's current scale";
        self.say(status, "AbleToScale", "True", "SucceededGetScale", able);
        match verdict(scaler, current) {
            Verdict::Disabled => {
                let message = "scaling is disabled since the replica count of the target is zero";
                self.say(status, "ScalingActive", "False", "ScalingDisabled", message);
                status["desiredReplicas"] = current.into();
            }
            Verdict::Measure => self.fail_to_measure(scaler, &scale, status).await,
            Verdict::Scale(wanted, why) => {
                scale["spec"]["replicas"] = wanted.into();
                if let Err(error) = self.0.client.update_subresource(resource, "scale", scale).await {
                    let message = format!("the HPA controller was unable to update the target scale: {error}");
                    self.say(status, "AbleToScale", "False", "FailedUpdateScale", &message);
                    let event = format!("New size: {wanted}; reason: {why}; error: {error}");
                    return self.0.events.warning(scaler, "FailedRescale", &event).await;
                }
                let message = format!("the HPA controller was able to update the target scale to {wanted}");
                self.say(status, "AbleToScale", "True", "SucceededRescale", &message);
                status["desiredReplicas"] = wanted.into();
                status["lastScaleTime"] = seconds(self.0.clock.now()).into();
                let event = format!("New size: {wanted}; reason: {why}");
                self.0.events.normal(scaler, "SuccessfulRescale", &event).await;
            }
        }
    }

    /// No API serves metrics here, as in a cluster without metrics-server.
    async fn fail_to_measure(&self, scaler: &Object, scale: &Value, status: &mut Value) {
        let metrics = scaler.list_at("/spec/metrics");
        if scale.str_at("/status/selector").is_empty() {
            self.say(
                status,
                "ScalingActive",
                "False",
                "InvalidSelector",
                "the HPA target's scale is missing a selector",
            );
            return self.0.events.warning(scaler, "SelectorRequired", "selector is required").await;
        }
        let nothing: Vec<Value> = metrics.iter().map(|_| json!({"type": ""})).collect();
        status["currentMetrics"] = json!(nothing);
        let mut first = None;
        for metric in metrics {
            let failure = failure(metric, scaler.namespace().unwrap_or_default());
            self.0.events.warning(scaler, failure.reason, &failure.error).await;
            first.get_or_insert(failure);
        }
        let Some(first) = first else { return };
        let message = format!("the HPA was unable to compute the replica count: {}", first.error);
        self.say(status, "ScalingActive", "False", first.reason, &message);
        let count = metrics.len();
        let event = format!(
            "invalid metrics ({count} invalid out of {count}), first error is: failed to get {} metric value: {}",
            first.what, first.error
        );
        self.0.events.warning(scaler, "FailedComputeMetricsReplicas", &event).await;
    }

    fn say(&self, status: &mut Value, kind: &str, value: &str, reason: &str, message: &str) {
        let condition = Condition {
            kind,
            status: value,
            reason,
            message,
        };
        let mut list = status.list_at("/conditions").to_vec();
        conditions::set(&mut list, &condition, &seconds(self.0.clock.now()), None);
        status["conditions"] = json!(list);
    }
}

fn verdict(scaler: &Object, current: i64) -> Verdict {
    let least = scaler.number_at("/spec/minReplicas").unwrap_or(1);
    let most = scaler.int_at("/spec/maxReplicas");
    match current {
        0 if least != 0 => Verdict::Disabled,
        _ if current > most => Verdict::Scale(most, "Current number of replicas above Spec.MaxReplicas"),
        _ if current < least => Verdict::Scale(least, "Current number of replicas below Spec.MinReplicas"),
        _ => Verdict::Measure,
    }
}

/// Why a metric cannot be had.
struct Failure {
    reason: &'static str,
    what: String,
    error: String,
}

fn failure(metric: &Value, namespace: &str) -> Failure {
    let of_resource = |field: &str, reason, what: &str| {
        let name = metric[field].str_at("/name");
        let how = match metric[field].str_at("/target/type") {
            "Utilization" => "utilization",
            _ => "usage",
        };
        Failure {
            reason,
            what: format!("{name} {what}"),
            error: format!(
                "failed to get {name} {how}: unable to get metrics for resource {name}: unable to fetch metrics from resource metrics API: \
                 {NO_METRICS} (get pods.metrics.k8s.io)"
            ),
        }
    };
    let custom = |reason, what: &str, metric: String, api: &str| Failure {
        reason,
        what: what.to_owned(),
        error: format!(
            "unable to get {metric}: unable to fetch metrics from {api} metrics API: no {api} metrics API ({api}.metrics.k8s.io) registered"
        ),
    };
    let named = |field: &str| metric[field].str_at("/metric/name");
    match metric.str_at("/type") {
        "Pods" => custom("FailedGetPodsMetric", "pods", format!("metric {}", named("pods")), "custom"),
        "Object" => custom("FailedGetObjectMetric", "object", format!("metric {}", named("object")), "custom"),
        "External" => {
            let metric = format!("external metric {namespace}/{}", named("external"));
            custom("FailedGetExternalMetric", "external", metric, "external")
        }
        "ContainerResource" => of_resource("containerResource", "FailedGetContainerResourceMetric", "container"),
        _ => of_resource("resource", "FailedGetResourceMetric", "resource"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::below(json!({"minReplicas": 2, "maxReplicas": 4}), 1, Verdict::Scale(2, "Current number of replicas below Spec.MinReplicas"))]
    #[case::above(json!({"maxReplicas": 4}), 5, Verdict::Scale(4, "Current number of replicas above Spec.MaxReplicas"))]
    #[case::stopped(json!({"maxReplicas": 4}), 0, Verdict::Disabled)]
    #[case::may_be_none(json!({"minReplicas": 0, "maxReplicas": 4}), 0, Verdict::Measure)]
    #[case::within(json!({"minReplicas": 2, "maxReplicas": 4}), 4, Verdict::Measure)]
    fn verdicts(#[case] spec: Value, #[case] current: i64, #[case] expected: Verdict) {
        assert_eq!(verdict(&Object::new(json!({"spec": spec})), current), expected);
    }
}
