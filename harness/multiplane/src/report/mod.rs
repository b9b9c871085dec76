//! Folds over the journal: what people and tools read. They render, and decide nothing.

mod console;
#[cfg(test)]
mod console_tests;
mod junit;
mod placement;
mod summary;
mod text;

pub use console::{Console, Detail};
pub use junit::junit;
pub use summary::summary;

/// A span of time as people write it.
pub(crate) fn duration(time: std::time::Duration) -> String {
    text::duration(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
