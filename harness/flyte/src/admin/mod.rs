//! The reference control plane: flyteadmin's behaviour, without its database and cloud clients.
//!
//! The core (`state`) is plain state with one method for each call; `service` puts gRPC in front of it, `crate::programs`
//! the command line that charts use.

mod attributes;
mod compile;
mod create;
mod data_plane;
mod data_proxy;
pub(crate) mod error;
pub(crate) mod events;
mod execution_config;
mod executions;
mod filter;
mod inputs;
mod launch_plans;
mod listing;
mod node;
mod node_executions;
mod object;
mod paging;
mod projects;
mod service;
mod signals;
mod single_task;
mod state;
pub(crate) mod sync;
pub(crate) mod targets;
mod tasks;
mod validate;
mod workflows;

pub(crate) use compile::flattened;
pub(crate) use executions::terminal as executions_terminal;
pub(crate) use inputs::fits;
pub(crate) use node::resource_id;
pub(crate) use object::{label_value, workflow};
pub(crate) use projects::seed_project;
pub(crate) use service::{SERVICES, Service};
pub(crate) use state::Admin;
