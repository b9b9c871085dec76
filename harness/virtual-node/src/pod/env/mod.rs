//! A container's environment.

mod downward;
mod expand;
mod field;
mod lookups;
mod resolve;
mod resources;
mod services;

pub(crate) use downward::downward;
pub(crate) use expand::expand;
pub(crate) use lookups::Lookups;
pub(crate) use resolve::resolve;
