//! JSON trees that are cheap to copy: a copy shares everything with its original until one of them is changed.
//!
//! An API server copies objects all the time: every write starts from what is stored, and mostly leaves it as it is. Here a
//! copy is one more reference, and equal parts of two revisions are found equal by their address, without being looked at.

mod convert;
mod entry;
mod index;
mod list;
pub(crate) mod literal;
mod map;
mod read;
mod tree;
mod write;

pub(crate) use convert::ToValue;
pub(crate) use index::Index;
pub(crate) use list::List;
pub(crate) use literal::json;
pub(crate) use map::Map;
pub(crate) use serde_json::Number;
/// A string: short ones in place, long ones shared.
pub(crate) use smol_str::SmolStr as Text;
pub(crate) use tree::Value;

#[cfg(test)]
mod tests;
