//! Workflows: registration and reading.

use super::compile;
use super::error::AdminError;
use super::listing;
use super::state::Admin;
use super::validate::identifier;
use crate::proto::admin::{NamedEntityIdentifier, ResourceListRequest, Workflow, WorkflowClosure, WorkflowCreateRequest, WorkflowList};
use crate::proto::core::{CompiledWorkflowClosure, Identifier, ResourceType};
use crate::stores::{DatabaseError, EntityKey};

impl Admin {
    /// Compiles and registers a workflow: `CreateWorkflow`.
    pub(crate) fn create_workflow(&self, request: WorkflowCreateRequest) -> Result<(), AdminError> {
        let id = identifier(request.id.as_ref(), ResourceType::Workflow)?.clone();
        self.check_project_domain(&id.project, &id.domain)?;
        let spec = request.spec.ok_or_else(|| AdminError::missing("spec"))?;
        let mut template = spec.template.ok_or_else(|| AdminError::missing("spec.template"))?;
        template.id = Some(id.clone());
        let compiled = self
            .database
            .read(|tables| compile::closure(tables, template, spec.sub_workflows))??;
        self.store_workflow(id, compiled)
    }

    pub(crate) fn store_workflow(&self, id: Identifier, compiled: CompiledWorkflowClosure) -> Result<(), AdminError> {
        let key = EntityKey::from(&id);
        let closure = WorkflowClosure {
            compiled_workflow: Some(compiled),
            created_at: Some(self.now()),
        };
        self.database.write(|tables| {
            if let Some(old) = tables.workflows.get(&key) {
                let same = old.closure.as_ref().map(|closure| &closure.compiled_workflow) == Some(&closure.compiled_workflow);
                return Err(listing::exists("workflow", &key, same));
            }
            let row = Workflow {
                id: Some(id),
                closure: Some(closure),
                short_description: String::new(),
            };
            tables.workflows.insert(key, row).map_err(AdminError::from)
        })
    }

    /// One workflow: `GetWorkflow`.
    pub(crate) fn workflow(&self, id: Option<&Identifier>) -> Result<Workflow, AdminError> {
        let key = EntityKey::from(identifier(id, ResourceType::Workflow)?);
        self.database
            .read(|tables| tables.workflows.get(&key).cloned())?
            .ok_or_else(|| listing::not_found("workflow", &key))
    }

    /// Workflows of a project and domain, or versions of one: `ListWorkflows`.
    pub(crate) fn list_workflows(&self, request: &ResourceListRequest) -> Result<WorkflowList, AdminError> {
        let page = self
            .database
            .read(|tables| listing::list(&tables.workflows, request, |row| row.closure.as_ref()?.created_at))??;
        Ok(WorkflowList {
            workflows: page.items,
            token: page.token,
        })
    }

    /// Names of a project's and domain's workflows: `ListWorkflowIds`.
    pub(crate) fn workflow_names(&self, project: &str, domain: &str) -> Result<Vec<NamedEntityIdentifier>, DatabaseError> {
        self.database.read(|tables| listing::names(&tables.workflows, project, domain))
    }
}
