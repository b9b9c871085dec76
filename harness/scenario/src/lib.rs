//! The scenario file format `multiplane.dev/v1alpha1`: parse, check, spans, schema.
//!
//! [`load`] reads a `scenario.yaml` with everything it names and reports every mistake at once, each with its place;
//! what it returns can be executed as it stands. [`discover`] finds scenario files below folders. [`schema`] and
//! [`explain`] are made from the documentation of the types in [`verb`], so there is one text for all three.
//!
//! A step is one verb with its fields inside. Expressions (`${{ clusters.dataplane_1.api.pods }}`) stand in values only: see
//! [`expression`]. What a file writes once for many (`matrix`, `for`, clusters by `count`) is many when it is loaded.
//!
//! This crate does no IO beyond reading files, and knows neither clusters nor Flyte's rules of placement.

pub mod binomial;
mod check;
pub mod condition;
pub mod discover;
mod duration;
mod expand;
pub mod explain;
pub mod expression;
pub mod files;
mod inputs;
mod kinds;
mod load;
mod model;
mod names;
mod parse;
pub mod schema;
mod select;
pub mod verb;

pub use duration::{Duration, InvalidDuration};
pub use expand::Given;
pub use inputs::{Input, InputKind};
pub use kinds::{Key, Kinds, UnknownField};
pub use load::{Invalid, Loaded, load, load_all, only, parse_all, parse_text};
pub use model::{ApiVersion, Cluster, ClusterNames, Kind, Metadata, Namespace, Quarantine, Role, Scenario, Settings, Step};
pub use names::{ClusterId, NamespacedName, OneOrMany, dns_name, token_secret_name};
pub use verb::Verb;

/// The file name that makes a file a scenario.
pub const FILE_NAME: &str = "scenario.yaml";
