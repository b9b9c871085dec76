//! `FlyteWorkflow`, the object by which the control plane hands a run to a data plane
//! (`flyteworkflows.flyte.lyft.com/v1alpha1`).
//!
//! Metadata, top-level keys and `status.phase` are Flyte's. The compiled workflow inside is read only by the
//! data plane, so its form is our own.

mod encoded;
mod execution_config;
mod object;
mod spec;
mod status;

pub use encoded::Encoded;
pub use execution_config::ExecutionConfig;
pub use object::{ExecutionId, FlyteWorkflow, RawOutputDataConfig, WorkflowMeta};
pub use spec::{Array, Branch, CacheOverride, Case, Gate, Node, NodeTarget, Succeeds, Task, WorkflowSpec};
pub use status::{ExecutionError, NodePhase, NodeStatus, Phase, Status};

/// Keeps a finished run's object until its data plane has cleaned up.
pub const FINALIZER: &str = "flyte.org/finalizer";
/// Label of finished objects, with value [`TERMINATED`].
pub const TERMINATION_STATUS: &str = "termination-status";
/// Value of [`TERMINATION_STATUS`].
pub const TERMINATED: &str = "terminated";
/// Label of finished objects: the hour, as `YYYY-MM-DD.HH`.
pub const COMPLETED_TIME: &str = "completed-time";
/// Label with the shard that an object belongs to.
pub const SHARD_KEY: &str = "shard-key";
