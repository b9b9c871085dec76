//! Nodes that need no containers.
//!
//! A [`VirtualNode`] registers itself with an API server and runs the pods that are bound to it as a kubelet would,
//! except that a container is a [`Program`] in this process. It speaks only the Kubernetes API, so it serves any
//! conforming API server. Beside it stand what a cluster's nodes also provide: [`ServiceProxy`] (names and virtual
//! addresses of Services) and [`IngressController`] (the way in from outside).
//!
//! | to | see |
//! |---|---|
//! | write a program | [`Program`], [`ContainerContext`], [`Programs`] |
//! | run a program in a real container | [`Process`] |
//! | kill a program at a moment that it names | [`CrashPoints`] |
//! | run nodes | [`VirtualNode::builder`] |
//! | script an image that has no program | [`lifecycle`] |

mod api;
mod error;
mod ingress;
pub mod lifecycle;
mod log_reader;
mod node;
mod pod;
mod program;
mod remote;
mod service;
mod shell;
mod stand_in;

pub use api::{Lean, Pause, Unread};
pub use error::Error;
pub use ingress::IngressController;
pub use node::{Builder, VirtualNode};
pub use pod::PersistentVolumes;
pub use program::{
    ContainerContext, Crash, CrashPoints, CrashSite, Crashing, ExitStatus, Files, Log, PodInfo, Probes, Process, Program, Programs, Tasks,
};
pub use service::{NodePorts, ServiceProxy};
