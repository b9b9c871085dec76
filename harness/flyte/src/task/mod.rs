//! The task that workflow files run: it takes as long, ends as and hands back what its arguments say.

mod arguments;
mod literal;

pub(crate) use arguments::Arguments;
pub(crate) use literal::untyped;
pub use literal::{LiteralError, literal};
