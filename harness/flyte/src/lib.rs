//! Flyte v1 as the harness meets it: placement rules, admin API, reference control plane and data plane.

pub mod admin;
mod catalog;
pub mod client;
pub mod config;
pub mod crash;
pub mod crd;
mod kubernetes;
pub mod lint;
pub mod naming;
pub mod placement;
pub mod programs;
mod propeller;
mod proto_json;
mod proto_time;
pub mod stores;
pub mod task;
pub mod workflow;

pub use kubernetes::{InClusterError, in_cluster};
pub use propeller::OBJECT_STORE;

/// The admin API's messages and services.
pub use flyteidl as proto;
