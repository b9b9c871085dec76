//! The journal: one stream of events for a run, one JSON object a line, flushed at once.
//!
//! The engine decides and records; reports only render records. So a killed run still has a report, and a journal without
//! [`Event::RunFinished`] means that the run was interrupted.

mod close;
mod event;
mod kept;
mod merge;
#[cfg(test)]
mod merge_tests;
mod reader;
mod writer;

pub use event::{Admin, Class, Event, Level, Outcome, PlacementVerdict, Prediction, Record, Sighting, Stray, VERSION};
pub use kept::Kept;
pub use merge::{MergeError, Merged, Source, merge};
pub use reader::{JournalError, read};
pub use writer::{Emitter, Fold, Journal};
