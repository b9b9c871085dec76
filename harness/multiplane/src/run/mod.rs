//! The engine: runs scenarios and records what happens.
//!
//! [`suite`] runs many side by side, each on a thread and a runtime of its own; [`run_scenario`] is the way of one from its file to the
//! verdict; every verb is a module below `step`.

mod context;
pub(crate) mod diagnose;
mod ends;
mod kinds;
mod names;
mod namespaces;
mod objects;
mod partition;
mod pause;
mod pins;
mod plan;
pub(crate) mod progress;
mod provider;
#[cfg(test)]
mod provider_tests;
mod quarantine;
mod scenario;
pub(crate) mod step;
mod suite;
#[cfg(test)]
mod suite_tests;
mod transient;

pub(crate) use context::Context;
pub use ends::Overtime;
pub use kinds::known_to;
pub(crate) use names::Clusters;
pub use partition::{Partition, PartitionError};
pub use pause::Pause;
pub use pins::{PinError, Pins};
pub use plan::{Inside, Plan, Skip};
pub use provider::Provider;
pub(crate) use provider::run_and_end;
pub use quarantine::Standing;
pub(crate) use scenario::create;
pub use scenario::{Ran, run_scenario};
pub use suite::{Finished, Suite, exit as suite_exit, suite};
