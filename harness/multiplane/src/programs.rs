//! What the pods of an embedded world run: Flyte's reference planes, and the probe.

use std::sync::Arc;

use flyte::stores::Stores;
use virtual_node::Programs;

use crate::probe::ProbeProgram;

/// The programs of one world, on durable state of its own.
pub(crate) fn programs() -> Programs {
    flyte::programs::programs(Stores::new()).with("multiplane-probe", Arc::new(ProbeProgram))
}
