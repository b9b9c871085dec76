//! Stored attributes: cluster labels and the other settings of projects, domains and workflows.

use super::error::AdminError;
use super::state::Admin;
use crate::placement;
use crate::proto::admin::matching_attributes::Target;
use crate::proto::admin::{MatchableAttributesConfiguration, MatchableResource, MatchingAttributes, PluginOverrides};
use crate::stores::{AttributeKey, DatabaseError, Tables};

impl Admin {
    /// Stores an attribute at the level that `key`'s fields name, replacing the old value. Of plugin overrides
    /// alone, those of other task types are kept.
    pub(crate) fn update_attributes(&self, mut key: AttributeKey, attributes: Option<MatchingAttributes>) -> Result<(), AdminError> {
        let mut target = attributes
            .and_then(|attributes| attributes.target)
            .ok_or_else(|| AdminError::missing("matching_attributes"))?;
        key.resource = resource(&target) as i32;
        self.check_level(&key)?;
        self.database.write(|tables| {
            if let (Target::PluginOverrides(new), Some(old)) = (&mut target, tables.attributes.get(&key)) {
                keep_other_overrides(new, old);
            }
            let target = Some(target);
            tables.attributes.put(key, MatchingAttributes { target });
            Ok(())
        })
    }

    /// The value of the most specific row at or above `key`, with the row's own key.
    pub(crate) fn attributes(&self, key: &AttributeKey) -> Result<(AttributeKey, MatchingAttributes), AdminError> {
        self.check_level(key)?;
        self.database.read(|tables| best(tables, key))?.ok_or_else(|| not_found(key))
    }

    /// The value of a project's own row: reading at project level looks no further.
    pub(crate) fn project_attributes(&self, key: &AttributeKey) -> Result<MatchingAttributes, AdminError> {
        self.check_level(key)?;
        self.database
            .read(|tables| tables.attributes.get(key).cloned())?
            .ok_or_else(|| not_found(key))
    }

    /// Deletes the row of `key` and every row below it: a field that is empty does not restrict the deletion.
    pub(crate) fn delete_attributes(&self, key: &AttributeKey) -> Result<(), AdminError> {
        self.check_level(key)?;
        self.database.write(|tables| {
            tables.attributes.retain(|row, _| !covers(key, row));
            Ok(())
        })
    }

    /// Every stored row of one type: `ListMatchableAttributes`.
    pub(crate) fn list_attributes(&self, resource: i32) -> Result<Vec<MatchableAttributesConfiguration>, DatabaseError> {
        self.database.read(|tables| {
            let rows = tables.attributes.iter();
            rows.filter(|(key, _)| key.resource == resource)
                .map(|(key, value)| MatchableAttributesConfiguration {
                    attributes: Some(value.clone()),
                    project: key.project.clone(),
                    domain: key.domain.clone(),
                    workflow: key.workflow.clone(),
                    ..MatchableAttributesConfiguration::default()
                })
                .collect()
        })
    }

    /// The stored cluster labels of a project, for the selector.
    pub(crate) fn labels(&self, project: &str) -> Result<placement::Attributes, DatabaseError> {
        let first = AttributeKey {
            project: project.to_owned(),
            domain: String::new(),
            workflow: String::new(),
            resource: i32::MIN,
        };
        self.database.read(|tables| {
            tables
                .attributes
                .iter_from(&first)
                .take_while(|(key, _)| key.project == project)
                .filter_map(|(key, value)| match value.target.as_ref()? {
                    Target::ExecutionClusterLabel(label) => Some(placement::AttributeRow {
                        key: placement::AttributeKey::new(&key.project, &key.domain, &key.workflow, ""),
                        label: label.value.clone(),
                    }),
                    _ => None,
                })
                .collect()
        })
    }

    fn check_level(&self, key: &AttributeKey) -> Result<(), AdminError> {
        if key.domain.is_empty() {
            self.check_project(&key.project)
        } else {
            self.check_project_domain(&key.project, &key.domain)
        }
    }
}

/// The row that wins for `key`: the most specific of those whose set fields equal the key's.
pub(crate) fn best(tables: &Tables, key: &AttributeKey) -> Option<(AttributeKey, MatchingAttributes)> {
    let level = |row: &AttributeKey| (!row.workflow.is_empty(), !row.domain.is_empty());
    tables
        .attributes
        .iter()
        .filter(|(row, _)| covers(row, key))
        .max_by_key(|(row, _)| level(row))
        .map(|(row, value)| (row.clone(), value.clone()))
}

/// Whether all set fields of `wide` equal those of `narrow`.
fn covers(wide: &AttributeKey, narrow: &AttributeKey) -> bool {
    let covers = |wide: &str, narrow: &str| wide.is_empty() || wide == narrow;
    wide.resource == narrow.resource
        && covers(&wide.project, &narrow.project)
        && covers(&wide.domain, &narrow.domain)
        && covers(&wide.workflow, &narrow.workflow)
}

fn resource(target: &Target) -> MatchableResource {
    match target {
        Target::TaskResourceAttributes(_) => MatchableResource::TaskResource,
        Target::ClusterResourceAttributes(_) => MatchableResource::ClusterResource,
        Target::ExecutionQueueAttributes(_) => MatchableResource::ExecutionQueue,
        Target::ExecutionClusterLabel(_) => MatchableResource::ExecutionClusterLabel,
        Target::QualityOfService(_) => MatchableResource::QualityOfServiceSpecification,
        Target::PluginOverrides(_) => MatchableResource::PluginOverride,
        Target::WorkflowExecutionConfig(_) => MatchableResource::WorkflowExecutionConfig,
        Target::ClusterAssignment(_) => MatchableResource::ClusterAssignment,
    }
}

fn keep_other_overrides(new: &mut PluginOverrides, old: &MatchingAttributes) {
    if let Some(Target::PluginOverrides(old)) = &old.target {
        let named = |kind: &str| new.overrides.iter().any(|entry| entry.task_type == kind);
        let kept: Vec<_> = old.overrides.iter().filter(|entry| !named(&entry.task_type)).cloned().collect();
        new.overrides.extend(kept);
    }
}

fn not_found(key: &AttributeKey) -> AdminError {
    AdminError::not_found(format!("Resource [{key:?}] not found",))
}
