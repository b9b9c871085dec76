//! What `kube-scheduler` does: finds a node for each pod, or says why there is none.

mod affinity;
mod filter;
pub(crate) mod node_affinity;
mod nodes;
mod ports;
mod recorder;
mod request;
mod scheduler;
mod score;
mod spread;
pub(crate) mod taints;
mod verdict;

pub(crate) use scheduler::start;
