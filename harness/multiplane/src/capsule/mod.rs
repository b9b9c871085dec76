//! Capsules: a scenario with everything it stands on and how it ended, in one file. A bug report is one capsule.
//!
//! A capsule is a gzipped tar archive: `capsule.json` ([`About`]), the files of the scenario below `files/` with their places towards each other
//! kept, the scenario's part of the journal and, where a step failed, what the clusters held then ([`crate::findings`]). [`Ingredients`] make one, [`Opened`] is one laid out in a folder to run again, and
//! [`shrink`] looks for a smaller scenario that still fails in the same way. Inputs are as their author wrote them; what a run creates (tokens,
//! keys) is in no journal, so it is in no capsule.

mod about;
mod error;
mod machine;
mod open;
mod pack;
mod shrink;
mod terse;

pub use about::{About, FORMAT};
pub use error::CapsuleError;
pub use machine::Machine;
pub use open::Opened;
pub use pack::Ingredients;
pub use shrink::{Shrunk, shrink};

/// The name of a capsule's description.
const ABOUT: &str = "capsule.json";
/// The name of the scenario's part of the journal.
const JOURNAL: &str = "journal.jsonl";
/// The folder of the scenario's files.
const FILES: &str = "files";
/// The folder of charts that were fetched.
const CHARTS: &str = "charts";
