//! Projects and domains.

use super::error::AdminError;
use super::filter::Filters;
use super::paging::{Page, page};
use super::state::Admin;
use crate::proto::admin::project::ProjectState;
use crate::proto::admin::{Domain, Project, ProjectListRequest, Projects};
use crate::stores::Database;

impl Admin {
    /// Registers a project: `RegisterProject`.
    pub(crate) fn register_project(&self, project: Option<Project>) -> Result<(), AdminError> {
        let mut project = project.ok_or_else(|| AdminError::missing("project"))?;
        check_id(&project.id)?;
        if project.name.is_empty() {
            return Err(AdminError::missing("project_name"));
        }
        project.domains.clear();
        self.database
            .write(|tables| tables.projects.insert(project.id.clone(), project))
            .map_err(AdminError::from)
    }

    /// Changes a project: `UpdateProject`. Empty fields keep their value.
    pub(crate) fn update_project(&self, project: Project) -> Result<(), AdminError> {
        self.database.write(|tables| {
            let row = tables.projects.get_mut(&project.id).ok_or_else(|| not_found(&project.id))?;
            if !project.name.is_empty() {
                row.name = project.name;
            }
            if !project.description.is_empty() {
                row.description = project.description;
            }
            if project.labels.is_some() {
                row.labels = project.labels;
            }
            row.state = project.state;
            Ok(())
        })
    }

    /// One project: `GetProject`.
    pub(crate) fn project(&self, id: &str) -> Result<Project, AdminError> {
        let row = self
            .database
            .read(|tables| tables.projects.get(&id.to_owned()).cloned())?
            .ok_or_else(|| not_found(id))?;
        Ok(self.with_domains(row))
    }

    /// Projects: `ListProjects`. Without a filter, those that are not archived.
    pub(crate) fn list_projects(&self, request: &ProjectListRequest) -> Result<Projects, AdminError> {
        let filters = Filters::parse(&request.filters)?;
        let rows: Vec<Project> = self
            .database
            .read(|tables| tables.projects.newest_first().map(|(_, project)| project.clone()).collect())?;
        let mut kept = Vec::new();
        for project in rows {
            let hidden = filters.is_empty() && project.state == ProjectState::Archived as i32;
            let matches = filters.matches(|field| match field {
                "identifier" | "id" => Some(project.id.clone()),
                "name" => Some(project.name.clone()),
                "state" => Some(project.state.to_string()),
                _ => None,
            })?;
            if matches && !hidden {
                kept.push(project);
            }
        }
        let Page { items, token } = page(kept, request.limit, &request.token)?;
        let projects = items.into_iter().map(|row| self.with_domains(row)).collect();
        Ok(Projects { projects, token })
    }

    /// The configured domains: `GetDomains`.
    pub(crate) fn domains(&self) -> Vec<Domain> {
        self.config
            .domains
            .iter()
            .map(|domain| Domain {
                id: domain.id.clone(),
                name: domain.name.clone(),
            })
            .collect()
    }

    fn with_domains(&self, mut project: Project) -> Project {
        project.domains = self.domains();
        project
    }
}

/// Registers a project that is not there yet, as `migrate seed-projects` does.
pub(crate) fn seed_project(database: &Database, id: &str) -> Result<(), AdminError> {
    check_id(id)?;
    database.write(|tables| {
        if tables.projects.get(&id.to_owned()).is_none() {
            let project = Project {
                id: id.to_owned(),
                name: id.to_owned(),
                description: format!("{id} description"),
                ..Project::default()
            };
            tables.projects.insert(id.to_owned(), project)?;
        }
        Ok(())
    })
}

fn check_id(id: &str) -> Result<(), AdminError> {
    let valid = !id.is_empty()
        && id.len() <= 63
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !id.starts_with('-')
        && !id.ends_with('-');
    if valid {
        Ok(())
    } else {
        Err(AdminError::invalid(format!("invalid project id [{id}]: must be a DNS-1123 label")))
    }
}

fn not_found(id: &str) -> AdminError {
    AdminError::not_found(format!("project [{id}] not found"))
}
