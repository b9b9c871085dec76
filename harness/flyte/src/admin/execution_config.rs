//! How a run is to be done: what its request says, else its launch plan, else a stored attribute, else the configuration.

use super::error::AdminError;
use super::state::Admin;
use crate::crd::{ExecutionConfig, ExecutionId};
use crate::proto::admin::execution_metadata::ExecutionMode;
use crate::proto::admin::matching_attributes::Target;
use crate::proto::admin::{ExecutionSpec, LaunchPlan, MatchableResource};
use crate::stores::ExecutionKey;

impl Admin {
    /// What the object of a run says of how it is to be done.
    pub(super) fn execution_config(
        &self,
        key: &ExecutionKey,
        plan: &LaunchPlan,
        spec: &ExecutionSpec,
    ) -> Result<ExecutionConfig, AdminError> {
        let of_plan = plan.spec.clone().unwrap_or_default();
        let stored = self.stored(key, plan, MatchableResource::WorkflowExecutionConfig)?;
        let stored = match stored.and_then(|stored| stored.target) {
            Some(Target::WorkflowExecutionConfig(stored)) => stored,
            _ => crate::proto::admin::WorkflowExecutionConfig::default(),
        };
        let parallelism = [spec.max_parallelism, of_plan.max_parallelism, stored.max_parallelism];
        let parallelism = parallelism
            .into_iter()
            .find_map(|most| u32::try_from(most).ok().filter(|most| *most > 0));
        Ok(ExecutionConfig {
            max_parallelism: parallelism.unwrap_or(self.config.max_parallelism),
            // The configuration's `false` is as good as nothing: it would win over what workflows say.
            interruptible: spec
                .interruptible
                .or(of_plan.interruptible)
                .or(stored.interruptible)
                .or(self.config.interruptible.then_some(true)),
            overwrite_cache: spec.overwrite_cache || of_plan.overwrite_cache || stored.overwrite_cache || self.config.overwrite_cache,
            recovery_execution: recovered(spec),
        })
    }
}

/// The run that this one recovers.
fn recovered(spec: &ExecutionSpec) -> Option<ExecutionId> {
    let metadata = spec.metadata.as_ref()?;
    let reference = metadata.reference_execution.as_ref()?;
    (metadata.mode == ExecutionMode::Recovered as i32).then(|| ExecutionId {
        project: reference.project.clone(),
        domain: reference.domain.clone(),
        name: reference.name.clone(),
    })
}
