//! Backend `container`: each cluster is an embedded one in a container of ours, with an address of its own and real network faults.
//!
//! [`ContainerBackend`] is what a run shares, [`ContainerWorld`] one scenario's clusters. Every container stands in two networks: docker's
//! default bridge, through which the harness reaches its published ports, and the world's own, on which clusters find each other by name. A
//! fault touches the second one only, so that the harness still sees what happens. testcontainers starts the containers; everything else is
//! done by the `docker` command, as for kind.

mod backend;
mod check;
mod error;
mod image;
mod machine;
mod slow;
mod start;
mod ways;
mod world;

pub use backend::{ContainerBackend, Settings};
pub use check::refusals;
pub use error::ContainerError;
pub use world::ContainerWorld;
