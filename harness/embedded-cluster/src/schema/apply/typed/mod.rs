//! Values with their schema: what they set, how two of them differ, merge and shrink.

mod compare;
mod merge;
mod remove;
mod set;
mod shape;
mod validate;

pub(super) use compare::{Comparison, compare};
pub(super) use merge::merge;
pub(super) use remove::remove;
pub(super) use set::field_set;
pub(in crate::schema) use shape::item_element;
pub(super) use validate::validate;
