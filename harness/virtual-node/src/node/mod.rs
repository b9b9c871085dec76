//! A node: registration, heartbeat, the pods bound to it, and the kubelet's port.

mod addresses;
mod builder;
mod context;
mod events;
mod heartbeat;
mod kubelet;
mod logs;
mod pods;
mod registration;
mod running;

pub use builder::{Builder, VirtualNode};
pub(crate) use context::NodeContext;
pub(crate) use events::Severity;
