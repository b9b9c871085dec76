//! How a run is to be done, as its request and its launch plan say.

use serde::{Deserialize, Serialize};

use super::ExecutionId;

/// `executionConfig` of an object. Its keys begin with capitals, as flytepropeller's type has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ExecutionConfig {
    /// Most tasks, launch plans and arrays that run at the same time; 0 for no limit.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_parallelism: u32,
    /// Whether tasks may run on machines that can be taken away, if their nodes do not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interruptible: Option<bool>,
    /// Results in the cache are replaced, not used.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub overwrite_cache: bool,
    /// The run whose results are taken over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_execution: Option<ExecutionId>,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}
