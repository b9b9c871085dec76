//! The cluster resource controller: namespaces, quotas and what else templates say, in every enabled cluster.

mod apply;
mod controller;
mod template;

pub(crate) use apply::{Applied, ResourceTarget};
pub(crate) use controller::Controller;
