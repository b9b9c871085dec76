//! The pod of a task that brings a template of its own (`PodTemplate`).

use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use prost_types::value::Kind;
use serde_json::Value;

use super::Attempt;
use crate::crd::Task;
use crate::propeller::data::DataError;
use crate::proto::core::task_template::Target;
use crate::proto::core::{K8sPod, LiteralMap};

/// Where a task's configuration names the container that is the task, and the annotation that says so of its pod.
const PRIMARY: &str = "primary_container_name";

/// The container that is the task, where its pod has several.
pub(crate) fn primary(task: &Task) -> Option<&str> {
    let template = &task.template.0;
    match &template.target {
        Some(Target::K8sPod(pod)) if !pod.primary_container_name.is_empty() => Some(&pod.primary_container_name),
        Some(Target::K8sPod(_)) => template.config.get(PRIMARY).map(String::as_str),
        _ => None,
    }
}

impl Attempt<'_> {
    /// Completes the task's template.
    ///
    /// # Errors
    /// If it is no pod, or does not say which of its containers is the task.
    pub(super) fn of_template(&self, template: &K8sPod) -> Result<Pod, DataError> {
        let invalid = |why: String| DataError(format!("invalid TaskSpecification: {why}"));
        let given = template.pod_spec.clone().unwrap_or_default();
        let mut spec: PodSpec =
            serde_json::from_value(object(given)).map_err(|error| invalid(format!("unable to unmarshal task k8s pod: {error}")))?;
        let primary = primary(self.task).ok_or_else(|| invalid(format!("config missing [{PRIMARY}] key")))?;
        let container = spec.containers.iter_mut().find(|container| container.name == primary);
        self.complete(container.ok_or_else(|| invalid(format!("primary container [{primary}] not defined")))?);
        spec.restart_policy = Some("Never".to_owned());
        if !self.object.service_account_name.is_empty() {
            spec.service_account_name = Some(self.object.service_account_name.clone());
        }
        let mut metadata = self.metadata();
        let own = template.metadata.clone().unwrap_or_default();
        metadata.labels.get_or_insert_default().extend(own.labels);
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.extend(own.annotations);
        annotations.insert(PRIMARY.to_owned(), primary.to_owned());
        Ok(Pod {
            metadata,
            spec: Some(self.placed(spec)),
            status: None,
        })
    }

    fn complete(&self, container: &mut Container) {
        let fill = |words: &mut Option<Vec<String>>, inputs: &LiteralMap| {
            let words = words.iter_mut().flatten();
            words.for_each(|word| *word = self.places.fill(word, inputs));
        };
        fill(&mut container.command, self.inputs);
        fill(&mut container.args, self.inputs);
        let own = self.environment(&[]);
        let env = container.env.get_or_insert_default();
        env.retain(|variable| own.iter().all(|own| own.name != variable.name));
        env.extend(own);
        container
            .termination_message_policy
            .get_or_insert("FallbackToLogsOnError".to_owned());
    }
}

fn object(of: prost_types::Struct) -> Value {
    Value::Object(of.fields.into_iter().map(|(name, value)| (name, json(value))).collect())
}

fn json(value: prost_types::Value) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => value.into(),
        Some(Kind::NumberValue(value)) => number(value),
        Some(Kind::StringValue(value)) => value.into(),
        Some(Kind::StructValue(value)) => object(value),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(json).collect(),
    }
}

/// Numbers of a `Struct` are all floating; Kubernetes wants whole ones whole.
#[expect(clippy::cast_possible_truncation, reason = "whole numbers of this size are exact")]
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value.fract() == 0.0 && value.abs() < EXACT {
        true => (value as i64).into(),
        false => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stay_whole() {
        assert_eq!((number(8080.0), number(0.5), number(-1.0)), (8080.into(), 0.5.into(), (-1).into()));
    }
}
