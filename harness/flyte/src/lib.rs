//! Flyte v1 as the harness meets it: placement rules, admin API, reference control plane and data plane.

pub mod admin;
pub mod config;
pub mod crd;
mod kubernetes;
pub mod naming;
pub mod placement;
pub mod programs;
pub mod proto;
mod proto_time;
pub mod stores;
