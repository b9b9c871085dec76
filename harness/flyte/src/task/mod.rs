//! What tasks of workflow files and of Python projects do here, where no container runs: how long they take, how they end, what they hand back.

mod arguments;
mod empty;
mod literal;

pub(crate) use arguments::Arguments;
pub(crate) use empty::empty;
pub(crate) use literal::untyped;
pub use literal::{LiteralError, literal};
