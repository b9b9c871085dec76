//! A cluster's Services as every pod sees them: names and virtual addresses.

mod node_ports;
mod proxy;
mod slices;
mod tables;

pub use node_ports::NodePorts;
pub use proxy::ServiceProxy;
pub(crate) use tables::Tables;
