//! Clusters of k3s: real nodes in docker containers, started by testcontainers.
//!
//! One container for the server, which is a node, too, and one for each further node. What is not k3s's own (node ports, images of the
//! reference planes, the resident) it shares with kind, in `backend/nodes`. Containers are privileged; machines that refuse them are told apart
//! by what docker or k3s says. Written against k3s's documentation: the containers, flags and files are those of its pages on docker, the
//! server's and agent's flags, and images on machines without a registry.

mod backend;
mod check;
mod container;
mod error;
mod image;
mod import;
mod start;
mod world;

pub use backend::{K3sBackend, Settings};
pub use check::refusals;
pub use error::K3sError;
pub use image::Tags;
pub use world::K3sWorld;
