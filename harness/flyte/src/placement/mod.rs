//! Where flyteadmin sends an execution: Flyte v1.16.8's rules as pure functions, without clock or input/output.
//!
//! The way through: YAML -> [`ClusterConfig`] -> [`Selector`] (or the [`StartupError`] that stops flyteadmin) ->
//! [`Selector::place`] with stored [`Attributes`] and a [`Request`] -> [`Decision`] with its reasons.
//! The reference flyteadmin and the oracle of a verdict call the same functions; [`cases`] checks them against a
//! table of recorded decisions.

pub mod cases;
pub mod explain;

mod attribute_file;
mod attributes;
pub mod compare;
mod config;
mod decision;
mod distribution;
mod draw;
mod duration;
mod error;
mod go_random;
mod load;
mod pool;
mod request;
mod selector;
mod weak;

pub use attribute_file::parse_attributes;
pub use attributes::{AttributeKey, AttributeRow, Attributes, Level};
pub use config::{Auth, Cluster, ClusterConfig, KubeClientConfig, KubeClientLimits, WeightedCluster};
pub use decision::{Decision, LabelSource, Mismatch, PassedOver, PoolChoice, PoolSource, Resolution, RowConsidered, Unmatched};
pub use distribution::{counts, shares};
pub use draw::{Draw, seeded_draw};
pub use duration::GoDuration;
pub use error::{ConfigError, GrpcCode, PlacementError, StartupError};
pub use load::Source;
pub use pool::{DropReason, Dropped, Member, Pool};
pub use request::{Request, single_task_workflow};
pub use selector::{Mode, Selector};
