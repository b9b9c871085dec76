//! Flyte v1 as the harness meets it: placement rules, admin API, reference control plane and data plane.

pub mod naming;
pub mod placement;
pub mod proto;
