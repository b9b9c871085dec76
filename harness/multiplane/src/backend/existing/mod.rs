//! Clusters that are there already, and stay: contexts of a kubeconfig that the command line names one by one.
//!
//! ```text
//! --kubeconfig, --context ─▶ Contexts (allow-listed, each with nothing but its own credentials)
//!   ─begin─▶ marker, production?, rights, clean slate: for all scenarios, before anything is made
//!   ─create─▶ lock, listing of the whole cluster ─▶ Guard: every write is recorded first, and what was there before is left alone
//!   ─clean─▶ what was recorded is removed, and a second listing must be as the first
//! ```
//!
//! `clean.rs` needs nothing but the files of one cluster in the run's folder, so `multiplane gc` does the same as the end of a run.

mod backend;
mod check;
mod claims;
pub(crate) mod clean;
mod cluster;
mod contexts;
mod error;
mod guard;
mod key;
mod listing;
mod marker;
mod production;
mod record;
mod rights;
mod world;

pub use backend::{ExistingBackend, Settings};
pub use check::refusals;
pub use contexts::{Address, Contexts, ContextsError, Mapping};
pub use error::ExistingError;
pub use world::ExistingWorld;
