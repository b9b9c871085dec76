//! Tasks: registration and reading.

use super::error::AdminError;
use super::listing;
use super::state::Admin;
use super::validate::identifier;
use crate::proto::admin::{NamedEntityIdentifier, ResourceListRequest, Task, TaskClosure, TaskCreateRequest, TaskList};
use crate::proto::core::{CompiledTask, Identifier, ResourceType};
use crate::stores::{DatabaseError, EntityKey};

impl Admin {
    /// Registers a task: `CreateTask`.
    pub(crate) fn create_task(&self, request: TaskCreateRequest) -> Result<(), AdminError> {
        let id = identifier(request.id.as_ref(), ResourceType::Task)?.clone();
        self.check_project_domain(&id.project, &id.domain)?;
        let mut template = request
            .spec
            .and_then(|spec| spec.template)
            .ok_or_else(|| AdminError::missing("spec.template"))?;
        if template.r#type.is_empty() {
            return Err(AdminError::missing("spec.template.type"));
        }
        if template.interface.is_none() {
            return Err(AdminError::missing("spec.template.interface"));
        }
        template.id = Some(id.clone());
        let key = EntityKey::from(&id);
        let closure = TaskClosure {
            compiled_task: Some(CompiledTask { template: Some(template) }),
            created_at: Some(self.now()),
        };
        self.database.write(|tables| {
            if let Some(old) = tables.tasks.get(&key) {
                let same = old.closure.as_ref().map(|closure| &closure.compiled_task) == Some(&closure.compiled_task);
                return Err(listing::exists("task", &key, same));
            }
            let row = Task {
                id: Some(id),
                closure: Some(closure),
                short_description: String::new(),
            };
            tables.tasks.insert(key, row).map_err(AdminError::from)
        })
    }

    /// One task: `GetTask`.
    pub(crate) fn task(&self, id: Option<&Identifier>) -> Result<Task, AdminError> {
        let key = EntityKey::from(identifier(id, ResourceType::Task)?);
        self.database
            .read(|tables| tables.tasks.get(&key).cloned())?
            .ok_or_else(|| listing::not_found("task", &key))
    }

    /// Tasks of a project and domain, or versions of one: `ListTasks`.
    pub(crate) fn list_tasks(&self, request: &ResourceListRequest) -> Result<TaskList, AdminError> {
        let page = self
            .database
            .read(|tables| listing::list(&tables.tasks, request, |row| row.closure.as_ref()?.created_at))??;
        Ok(TaskList {
            tasks: page.items,
            token: page.token,
        })
    }

    /// Names of a project's and domain's tasks: `ListTaskIds`.
    pub(crate) fn task_names(&self, project: &str, domain: &str) -> Result<Vec<NamedEntityIdentifier>, DatabaseError> {
        self.database.read(|tables| listing::names(&tables.tasks, project, domain))
    }
}
