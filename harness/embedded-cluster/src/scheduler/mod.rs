//! What `kube-scheduler` does: finds a node for each pod, or says why there is none.

mod affinity;
mod filter;
mod node_affinity;
mod nodes;
mod ports;
mod quantity;
mod recorder;
mod request;
mod scheduler;
mod score;
mod spread;
mod taints;
mod verdict;

pub(crate) use quantity::Quantity;
pub(crate) use scheduler::start;
