//! Clusters that `kind` makes: real nodes in docker containers.
//!
//! [`KindBackend`] is what a run shares (settings, ledger, images), [`KindWorld`] one scenario's clusters on a docker network of their own,
//! [`Kind`] the command. What kind really does, and what this rests on, is recorded (`tests/kind/recordings.jsonl`).

mod backend;
mod check;
mod config;
mod create;
mod error;
mod names;
mod signature;
mod tool;
mod world;

pub use backend::{KindBackend, Settings};
pub use check::{needs_planes, refusals};
pub use config::{Configs, HostFacts, NodeImage};
pub use error::KindError;
pub use signature::Signature;
pub use tool::{Creation, Kind};
pub use world::KindWorld;
