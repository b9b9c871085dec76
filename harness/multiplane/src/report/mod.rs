//! Folds over the journal: what people and tools read. They render, and decide nothing.

mod console;
mod junit;
mod placement;
mod summary;
mod text;

pub use console::{Console, Detail};
pub use junit::junit;
pub use summary::summary;
