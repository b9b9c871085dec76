//! The reference data plane: flytepropeller's behaviour towards its cluster and the control plane.
//!
//! [`controller`] watches objects and pods and calls for rounds; [`engine`] does one round over one object; [`nodes`]
//! goes through its nodes, which [`task_node`] runs as pods and [`launch_plan_node`] as runs of their own; [`branch_node`] takes one of several
//! nodes, [`array_node`] runs one for each element of a list, [`dynamic_node`] those that a task
//! wrote down.

mod admin_port;
mod array_node;
mod branch_node;
mod cache;
mod catalog;
mod cluster_port;
mod collector;
mod condition;
mod controller;
mod data;
mod dynamic;
mod dynamic_node;
mod elements;
mod engine;
mod error_document;
mod events;
mod failure_node;
mod gate_node;
mod launch_plan_node;
mod leader;
mod nodes;
mod parallelism;
mod pod;
mod recovery;
mod retry;
mod scope;
mod seen_pod;
mod task_node;

pub(crate) use admin_port::GrpcAdmin;
pub(crate) use catalog::CatalogClient;
pub(crate) use cluster_port::KubeCluster;
pub(crate) use controller::Controller;
pub(crate) use data::DataStore;
pub(crate) use engine::Engine;
pub(crate) use events::Events;
pub(crate) use leader::Leader;
pub use pod::OBJECT_STORE;
pub(crate) use pod::OUTPUTS;
