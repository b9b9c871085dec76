//! What data planes report: events of runs, nodes and tasks.

pub(crate) mod node;
pub(crate) mod task;
mod workflow;

use super::error::AdminError;
use crate::proto::admin::EventErrorIncompatibleCluster;
use crate::proto::admin::event_failure_reason::Reason;

/// The id that a data plane sends unless its configuration names one; it passes everywhere.
pub(crate) const DEFAULT_PRODUCER: &str = "propeller";

/// Refuses events of a data plane that the run was not sent to.
fn check_cluster(recorded: &str, producer: &str) -> Result<(), AdminError> {
    if producer.is_empty() || producer == DEFAULT_PRODUCER || producer == recorded {
        return Ok(());
    }
    Err(AdminError::precondition(
        format!("execution/cluster mismatch: recorded cluster [{recorded}], event from [{producer}]"),
        Some(Reason::IncompatibleCluster(EventErrorIncompatibleCluster {
            cluster: producer.to_owned(),
        })),
    ))
}
