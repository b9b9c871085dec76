//! A pod's life on a node.
//!
//! [`run`] reads from top to bottom: sandbox, volumes, init containers, containers, end; then there are [`Remains`]. Each container has a supervisor;
//! what they find out is on the [`Board`](board::Board), from which the publisher makes the pod's status.

mod backoff;
mod board;
mod checks;
mod conditions;
mod container;
mod containers;
mod context;
mod entrypoint;
mod env;
mod ephemeral;
mod etc;
mod hooks;
mod image;
mod mounts;
mod prepare;
mod probes;
mod process;
mod publisher;
mod remains;
mod restart;
mod sandbox;
mod status;
mod stop;
mod volumes;
mod worker;

pub(crate) use checks::trusting_any;
pub(crate) use context::{Assigned, PodContext};
pub(crate) use etc::NAME_SERVER;
pub(crate) use remains::Remains;
pub use volumes::PersistentVolumes;
pub(crate) use worker::run;
