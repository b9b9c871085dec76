//! What the pods of an embedded world run: Flyte's reference planes, and the probe.

use std::sync::Arc;

use flyte::stores::Stores;
use virtual_node::Programs;

use crate::probe::ProbeProgram;

/// The programs of one world, on durable state of its own.
pub(crate) fn programs() -> Programs {
    over(Stores::new())
}

/// The programs on this durable state.
pub(crate) fn over(stores: Stores) -> Programs {
    flyte::programs::programs(stores).with("multiplane-probe", Arc::new(ProbeProgram))
}
