//! Checks that several calls make on their arguments.

use super::error::AdminError;
use super::state::Admin;
use crate::proto::admin::project::ProjectState;
use crate::proto::core::{Identifier, ResourceType};

/// Longest name of an execution, in bytes.
const EXECUTION_NAME_MAX: usize = 63;

impl Admin {
    /// The project is registered and active.
    pub(crate) fn check_project(&self, project: &str) -> Result<(), AdminError> {
        if project.is_empty() {
            return Err(AdminError::missing("project"));
        }
        self.database.read(|tables| {
            let row = tables
                .projects
                .get(&project.to_owned())
                .ok_or_else(|| AdminError::invalid(format!("project [{project}] not found")))?;
            if row.state != ProjectState::Active as i32 {
                return Err(AdminError::invalid(format!("project [{project}] is not active")));
            }
            Ok(())
        })?
    }

    /// The project is registered and active, and the configuration has the domain.
    pub(crate) fn check_project_domain(&self, project: &str, domain: &str) -> Result<(), AdminError> {
        if domain.is_empty() {
            return Err(AdminError::missing("domain"));
        }
        self.check_project(project)?;
        if !self.config.domains.iter().any(|known| known.id == domain) {
            return Err(AdminError::invalid(format!("domain [{domain}] is unrecognized by system")));
        }
        Ok(())
    }
}

/// An identifier with all its fields and of the right type.
pub(crate) fn identifier(id: Option<&Identifier>, expected: ResourceType) -> Result<&Identifier, AdminError> {
    let id = id.ok_or_else(|| AdminError::missing("id"))?;
    if id.resource_type != expected as i32 {
        return Err(AdminError::invalid(format!(
            "unexpected resource type {} for identifier [{}], expected {}",
            ResourceType::try_from(id.resource_type).map_or("?", |kind| kind.as_str_name()),
            id.name,
            expected.as_str_name()
        )));
    }
    for (field, value) in [
        ("project", &id.project),
        ("domain", &id.domain),
        ("name", &id.name),
        ("version", &id.version),
    ] {
        if value.is_empty() {
            return Err(AdminError::missing(field));
        }
    }
    Ok(id)
}

/// The name of an execution. Capitals pass here, as in Flyte, and fail in Kubernetes.
pub(crate) fn execution_name(name: &str) -> Result<(), AdminError> {
    if name.len() > EXECUTION_NAME_MAX {
        return Err(AdminError::invalid(format!(
            "size of name exceeded length {EXECUTION_NAME_MAX} : {name}"
        )));
    }
    let lower = name.to_lowercase();
    let valid = lower.starts_with(|c: char| c.is_ascii_lowercase())
        && lower.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if valid {
        Ok(())
    } else {
        Err(AdminError::invalid(format!("invalid name format: {name}")))
    }
}
