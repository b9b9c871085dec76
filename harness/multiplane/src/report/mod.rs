//! Folds over the journal: what people and tools read. They render, and decide nothing.

mod again;
#[cfg(test)]
mod built;
mod console;
#[cfg(test)]
mod console_tests;
mod ending;
mod fault;
mod github;
mod html;
mod junit;
mod live;
mod placement;
mod scenario;
mod step;
mod summary;
mod text;

pub use console::{Console, Detail};
pub use ending::{Ending, FailedStep, endings};
pub use html::html;
pub(crate) use html::{LIVE, live as live_page};
pub use junit::junit;
pub use live::{Above, Live};
pub use summary::summary;

/// A span of time as people write it.
pub(crate) fn duration(time: std::time::Duration) -> String {
    text::duration(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
