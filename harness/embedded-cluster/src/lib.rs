//! Kubernetes in this process: store, API, admission, controllers, scheduler.
//!
//! The way of a request: [`http`](self) parses it, the pipeline in `apiserver` authenticates,
//! authorises, decodes, admits, validates and stores it, and the store wakes watchers.

mod admission;
mod apiserver;
mod auth;
mod bootstrap;
mod cel;
mod client;
mod cluster;
mod components;
mod controllers;
mod crd;
mod cron;
mod data;
mod http;
mod kinds;
pub mod known;
mod kubeconfig;
mod object;
mod protobuf;
mod resource;
mod scheduler;
mod schema;
mod selector;
mod status;
mod store;
mod validation;
mod value;

pub use apiserver::{Disturbance, Disturbed, Disturbing};
pub use auth::Identity;
pub use cluster::{Builder, ClusterError, EmbeddedCluster};
pub use components::{Components, Keys};
pub use http::{ApiService, ResponseBody};
pub use kubeconfig::kubeconfig;
pub use resource::Resource;
pub use status::{Cause, Details, Status};
