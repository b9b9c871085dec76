//! Clusters of real etcd and kube-apiserver processes of this machine, with virtual nodes of this process on top.
//!
//! ```text
//! pods, virtual nodes, scheduler (this process) ─ network of the world ─ gate: dataplane-1.multiplane.test:443 ─▶ 127.0.0.1:PORT kube-apiserver ─▶ etcd
//!        ▲────────────── egress: logs of pods, webhooks ──────────────────────────────────────────────────────────────┘
//! ```
//!
//! The crate `binaries` finds the programs and runs them; here is what makes a world of them.

mod backend;
mod check;
mod cluster;
mod egress;
mod error;
mod gate;
mod start;
mod world;

pub use backend::{BinariesBackend, Settings};
pub use check::refusals;
pub use error::BinariesError;
pub use world::BinariesWorld;
