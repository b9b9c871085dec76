//! What `kube-scheduler` does: finds a node for each pod, or says why there is none.

mod affinity;
mod claims;
mod cycle;
mod filter;
pub(crate) mod node_affinity;
mod nodes;
mod ports;
mod preemption;
mod recorder;
mod refusal;
mod request;
mod score;
mod spread;
pub(crate) mod taints;
mod verdict;
mod waiting;

pub(crate) use cycle::start;
