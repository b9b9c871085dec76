//! A cluster's Services as every pod sees them: names and virtual addresses.

mod proxy;
mod tables;

pub use proxy::ServiceProxy;
pub(crate) use tables::Tables;
