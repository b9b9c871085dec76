//! Stored execution cluster labels.

use super::{Admin, ClientError};
use crate::placement::{AttributeKey, AttributeRow};
use crate::proto::admin::matching_attributes::Target;
use crate::proto::admin::{
    ExecutionClusterLabel, ListMatchableAttributesRequest, MatchableResource, MatchingAttributes, ProjectAttributes,
    ProjectAttributesDeleteRequest, ProjectAttributesUpdateRequest, ProjectDomainAttributes, ProjectDomainAttributesDeleteRequest,
    ProjectDomainAttributesUpdateRequest, WorkflowAttributes, WorkflowAttributesDeleteRequest, WorkflowAttributesUpdateRequest,
};

const LABEL: i32 = MatchableResource::ExecutionClusterLabel as i32;

impl Admin {
    /// Stores a label for a project, a project's domain, or a workflow: whichever `key`'s fields name.
    ///
    /// # Errors
    /// As the control plane's.
    pub async fn set_label(&self, key: &AttributeKey, label: &str) -> Result<(), ClientError> {
        let matching_attributes = Some(MatchingAttributes {
            target: Some(Target::ExecutionClusterLabel(ExecutionClusterLabel { value: label.to_owned() })),
        });
        let (project, domain, workflow) = parts(key);
        let mut client = self.client.clone();
        if !workflow.is_empty() {
            let attributes = WorkflowAttributes {
                project,
                domain,
                workflow,
                matching_attributes,
                ..WorkflowAttributes::default()
            };
            let request = WorkflowAttributesUpdateRequest {
                attributes: Some(attributes),
            };
            client.update_workflow_attributes(request).await?;
        } else if !domain.is_empty() {
            let attributes = ProjectDomainAttributes {
                project,
                domain,
                matching_attributes,
                ..ProjectDomainAttributes::default()
            };
            let request = ProjectDomainAttributesUpdateRequest {
                attributes: Some(attributes),
            };
            client.update_project_domain_attributes(request).await?;
        } else {
            let attributes = ProjectAttributes {
                project,
                matching_attributes,
                ..ProjectAttributes::default()
            };
            let request = ProjectAttributesUpdateRequest {
                attributes: Some(attributes),
            };
            client.update_project_attributes(request).await?;
        }
        Ok(())
    }

    /// Deletes a stored label. The control plane deletes those of narrower levels with it.
    ///
    /// # Errors
    /// As the control plane's.
    pub async fn delete_label(&self, key: &AttributeKey) -> Result<(), ClientError> {
        let (project, domain, workflow) = parts(key);
        let (resource_type, org) = (LABEL, String::new());
        let mut client = self.client.clone();
        if !workflow.is_empty() {
            let request = WorkflowAttributesDeleteRequest {
                project,
                domain,
                workflow,
                resource_type,
                org,
            };
            client.delete_workflow_attributes(request).await?;
        } else if !domain.is_empty() {
            let request = ProjectDomainAttributesDeleteRequest {
                project,
                domain,
                resource_type,
                org,
            };
            client.delete_project_domain_attributes(request).await?;
        } else {
            let request = ProjectAttributesDeleteRequest {
                project,
                resource_type,
                org,
            };
            client.delete_project_attributes(request).await?;
        }
        Ok(())
    }

    /// Every stored label: what the oracle needs besides the configuration.
    ///
    /// # Errors
    /// As the control plane's.
    pub async fn labels(&self) -> Result<Vec<AttributeRow>, ClientError> {
        let request = ListMatchableAttributesRequest {
            resource_type: LABEL,
            org: String::new(),
        };
        let answer = self.client.clone().list_matchable_attributes(request).await?.into_inner();
        let rows = answer.configurations.into_iter().filter_map(|row| match row.attributes?.target? {
            Target::ExecutionClusterLabel(label) => Some(AttributeRow {
                key: AttributeKey::new(&row.project, &row.domain, &row.workflow, &row.launch_plan),
                label: label.value,
            }),
            _ => None,
        });
        Ok(rows.collect())
    }
}

fn parts(key: &AttributeKey) -> (String, String, String) {
    (key.project.clone(), key.domain.clone(), key.workflow.clone())
}
