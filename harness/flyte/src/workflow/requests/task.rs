//! A task's request: a container whose arguments hold the script.

use serde_json::{Map, Value};

use super::template::{interface, typed};
use crate::proto::admin::{TaskCreateRequest, TaskSpec};
use crate::proto::core::resources::{ResourceEntry, ResourceName};
use crate::proto::core::runtime_metadata::RuntimeType;
use crate::proto::core::task_template::Target;
use crate::proto::core::{Container, Identifier, Resources, RetryStrategy, RuntimeMetadata, TaskMetadata, TaskTemplate};
use crate::workflow::{Cache, TASK_IMAGE, Task, WorkflowFileError};

pub(super) fn request(id: Identifier, task: &Task) -> Result<TaskCreateRequest, WorkflowFileError> {
    for output in task.outputs.values() {
        typed(&output.value.value, &output.kind, output.span)?;
    }
    if let Some(Cache { version, .. }) = &task.cache
        && version.value.trim().is_empty()
    {
        return Err(WorkflowFileError::at(version.span, "a cache needs a version"));
    }
    let outputs = task.outputs.iter().map(|(name, output)| (name, &output.kind));
    let template = TaskTemplate {
        id: Some(id.clone()),
        r#type: "container".to_owned(),
        metadata: Some(TaskMetadata {
            runtime: Some(RuntimeMetadata {
                r#type: RuntimeType::Other as i32,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                flavor: "multiplane".to_owned(),
            }),
            retries: Some(RetryStrategy { retries: task.retries }),
            discoverable: task.cache.is_some(),
            discovery_version: task.cache.as_ref().map(|cache| cache.version.value.clone()).unwrap_or_default(),
            cache_serializable: task.cache.as_ref().is_some_and(|cache| cache.serializable),
            ..TaskMetadata::default()
        }),
        interface: Some(interface(task.inputs.iter(), outputs)),
        target: Some(Target::Container(container(task))),
        ..TaskTemplate::default()
    };
    Ok(TaskCreateRequest {
        id: Some(id),
        spec: Some(TaskSpec {
            template: Some(template),
            description: None,
        }),
    })
}

fn container(task: &Task) -> Container {
    let outputs: Map<String, Value> = task
        .outputs
        .iter()
        .map(|(name, output)| (name.clone(), output.value.value.clone()))
        .collect();
    let arguments = [
        ("--duration", task.duration.to_string()),
        ("--exit-code", task.exit_code.to_string()),
        ("--failures", task.failures.to_string()),
        ("--outputs", Value::Object(outputs).to_string()),
        ("--output-prefix", "{{.outputPrefix}}".to_owned()),
    ];
    let requests = [(ResourceName::Cpu, &task.cpu), (ResourceName::Memory, &task.memory)];
    let requests = requests.into_iter().filter_map(|(name, value)| {
        Some(ResourceEntry {
            name: name as i32,
            value: value.clone()?,
        })
    });
    Container {
        image: task.image.clone().unwrap_or_else(|| TASK_IMAGE.to_owned()),
        command: vec!["multiplane-task".to_owned()],
        args: arguments.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect(),
        resources: Some(Resources {
            requests: requests.collect(),
            limits: Vec::new(),
        }),
        ..Container::default()
    }
}
