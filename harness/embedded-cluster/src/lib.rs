//! Kubernetes in this process: store, API, admission, controllers, scheduler.
//!
//! The way of a request: [`http`](self) parses it, the pipeline in `apiserver` authenticates,
//! authorises, decodes, admits, validates and stores it, and the store wakes watchers.

mod apiserver;
mod auth;
mod client;
mod controllers;
mod data;
mod object;
mod resource;
mod schema;
mod scheduler;
mod status;
mod store;

pub use auth::Identity;
pub use resource::Resource;
pub use status::{Cause, Details, Status};
