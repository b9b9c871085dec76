//! The pod of one attempt of a task.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use k8s_openapi::api::core::v1::{Container, EnvVar, Pod, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use prost::Message;

use super::data::DataError;
use crate::admin::label_value;
use crate::config::Interruptible;
use crate::crd::{FlyteWorkflow, Task};
use crate::proto::core::container::Architecture;
use crate::proto::core::resources::{ResourceEntry, ResourceName};
use crate::proto::core::task_template::Target;
use crate::proto::core::{Container as ProtoContainer, KeyValuePair, LiteralMap};

mod arguments;
mod elements;
mod template;

pub(crate) use arguments::Places;
pub(super) use elements::of_lists;
pub(crate) use template::primary;

/// The environment variable that names the object store to programs of ours that run tasks.
pub const OBJECT_STORE: &str = "MULTIPLANE_OBJECT_STORE";
/// The environment variable that tells stand-ins of tasks which outputs are declared: a `VariableMap` in base64.
pub(crate) const OUTPUTS: &str = "MULTIPLANE_TASK_INTERFACE";

/// Everything that a pod is built from.
pub(crate) struct Attempt<'a> {
    pub(crate) object: &'a FlyteWorkflow,
    pub(crate) task: &'a Task,
    /// The node's id within its workflow.
    pub(crate) node: &'a str,
    pub(crate) number: u32,
    pub(crate) pod_name: String,
    /// The element of an array that it runs for, and whether that has inputs and outputs of its own.
    pub(crate) element: Option<(usize, bool)>,
    pub(crate) places: Places,
    pub(crate) inputs: &'a LiteralMap,
    /// Where it may run, if it may be interrupted.
    pub(crate) interruptible: Option<&'a Interruptible>,
    pub(crate) store_id: &'a str,
    pub(crate) default_cpu: &'a str,
    pub(crate) default_memory: &'a str,
}

impl Attempt<'_> {
    /// Builds the pod.
    ///
    /// # Errors
    /// If the task is of a kind that this data plane does not run.
    pub(crate) fn pod(&self) -> Result<Pod, DataError> {
        let template = &self.task.template.0;
        let container = match &template.target {
            Some(Target::Container(container)) => container,
            Some(Target::K8sPod(pod)) => return self.of_template(pod),
            _ => {
                return Err(DataError(format!(
                    "task type [{}] has no container: this data plane runs no other plugin",
                    self.task.kind
                )));
            }
        };
        if container.architecture != Architecture::Unknown as i32 {
            return Err(DataError("container.architecture is not implemented".to_owned()));
        }
        let account = &self.object.service_account_name;
        Ok(Pod {
            metadata: self.metadata(),
            spec: Some(self.placed(PodSpec {
                containers: vec![self.container(container)],
                restart_policy: Some("Never".to_owned()),
                service_account_name: (!account.is_empty()).then(|| account.clone()),
                ..PodSpec::default()
            })),
            status: None,
        })
    }

    /// The pod with what is configured for those that may be interrupted.
    fn placed(&self, mut spec: PodSpec) -> PodSpec {
        if let Some(Interruptible {
            tolerations,
            node_selector,
            ..
        }) = self.interruptible
        {
            spec.tolerations.get_or_insert_default().extend(tolerations.iter().cloned());
            spec.node_selector.get_or_insert_default().extend(node_selector.clone());
        }
        spec
    }

    fn metadata(&self) -> ObjectMeta {
        let object = &self.object.metadata;
        let template = &self.task.template.0;
        let mut labels = object.labels.clone().unwrap_or_default();
        let task = template.id.as_ref().map_or("", |id| &id.name);
        labels.extend([
            ("node-id".to_owned(), label_value(self.node)),
            ("task-name".to_owned(), label_value(task)),
            ("interruptible".to_owned(), self.interruptible.is_some().to_string()),
        ]);
        let mut annotations = object.annotations.clone().unwrap_or_default();
        annotations.insert("cluster-autoscaler.kubernetes.io/safe-to-evict".to_owned(), "false".to_owned());
        if let Some(extra) = template.metadata.as_ref().and_then(|metadata| metadata.metadata.as_ref()) {
            labels.extend(extra.labels.clone());
            annotations.extend(extra.annotations.clone());
        }
        ObjectMeta {
            name: Some(self.pod_name.clone()),
            namespace: object.namespace.clone(),
            labels: Some(labels),
            annotations: Some(annotations),
            owner_references: Some(vec![OwnerReference {
                api_version: self.object.api_version.clone(),
                // Lower case, as upstream writes it; Kubernetes resolves it all the same.
                kind: "flyteworkflow".to_owned(),
                name: object.name.clone().unwrap_or_default(),
                uid: object.uid.clone().unwrap_or_default(),
                controller: Some(true),
                block_owner_deletion: Some(true),
            }]),
            ..ObjectMeta::default()
        }
    }

    fn container(&self, container: &ProtoContainer) -> Container {
        let text = |values: &Vec<String>| {
            let values = values.iter();
            let values: Vec<String> = values.map(|text| self.places.fill(text, self.inputs)).collect();
            (!values.is_empty()).then_some(values)
        };
        Container {
            name: self.pod_name.clone(),
            image: Some(container.image.clone()),
            command: text(&container.command),
            args: text(&container.args),
            env: Some(self.environment(&container.env)),
            resources: Some(self.resources(container)),
            termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
            ..Container::default()
        }
    }

    fn environment(&self, given: &[KeyValuePair]) -> Vec<EnvVar> {
        let id = &self.object.execution_id;
        let task = self.task.template.0.id.clone().unwrap_or_default();
        let own = [
            ("FLYTE_INTERNAL_EXECUTION_ID", id.name.clone()),
            ("FLYTE_INTERNAL_EXECUTION_PROJECT", id.project.clone()),
            ("FLYTE_INTERNAL_EXECUTION_DOMAIN", id.domain.clone()),
            ("FLYTE_ATTEMPT_NUMBER", self.number.to_string()),
            ("FLYTE_INTERNAL_TASK_PROJECT", task.project),
            ("FLYTE_INTERNAL_TASK_DOMAIN", task.domain),
            ("FLYTE_INTERNAL_TASK_NAME", task.name),
            ("FLYTE_INTERNAL_TASK_VERSION", task.version),
            (OBJECT_STORE, self.store_id.to_owned()),
        ];
        let outputs = self
            .task
            .template
            .0
            .interface
            .as_ref()
            .and_then(|interface| interface.outputs.as_ref());
        let outputs = outputs.map(|outputs| match self.element {
            // What it declares is the list of what all elements write.
            Some((_, false)) => elements::of_lists(outputs),
            _ => outputs.clone(),
        });
        let outputs = outputs.map(|outputs| (OUTPUTS, BASE64_STANDARD.encode(outputs.encode_to_vec())));
        let index = self.element.into_iter().flat_map(|(index, _)| elements::environment(index));
        let own = own
            .into_iter()
            .chain(outputs)
            .chain(index)
            .map(|(name, value)| (name.to_owned(), value));
        let given = given.iter().map(|pair| (pair.key.clone(), pair.value.clone()));
        let mut variables: BTreeMap<String, String> = given.collect();
        variables.extend(self.object.environment.clone());
        variables.extend(own);
        variables
            .into_iter()
            .map(|(name, value)| EnvVar {
                name,
                value: Some(value),
                value_from: None,
            })
            .collect()
    }

    fn resources(&self, container: &ProtoContainer) -> ResourceRequirements {
        let given = container.resources.clone().unwrap_or_default();
        let limits = quantities(&given.limits);
        let mut requests = quantities(&given.requests);
        for (name, default) in [("cpu", self.default_cpu), ("memory", self.default_memory)] {
            let fallback = limits
                .get(name)
                .cloned()
                .or_else(|| (!default.is_empty()).then(|| Quantity(default.to_owned())));
            if let Some(quantity) = fallback {
                requests.entry(name.to_owned()).or_insert(quantity);
            }
        }
        // Flyte never leaves a container without limits: they default to the requests.
        let mut all_limits = requests.clone();
        all_limits.extend(limits);
        ResourceRequirements {
            limits: Some(all_limits),
            requests: Some(requests),
            claims: None,
        }
    }
}

fn quantities(entries: &[ResourceEntry]) -> BTreeMap<String, Quantity> {
    entries
        .iter()
        .filter_map(|entry| {
            let name = match ResourceName::try_from(entry.name).ok()? {
                ResourceName::Cpu => "cpu",
                ResourceName::Memory => "memory",
                ResourceName::Gpu => "nvidia.com/gpu",
                ResourceName::EphemeralStorage | ResourceName::Storage => "ephemeral-storage",
                ResourceName::Unknown => return None,
            };
            Some((name.to_owned(), Quantity(entry.value.clone())))
        })
        .collect()
}
