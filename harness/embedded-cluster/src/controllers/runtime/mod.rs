//! What all controllers run on: one cache of the cluster, fed by watches; a queue of keys for
//! each controller; one task that runs them.

mod cache;
mod context;
mod feed;
mod manager;
mod queue;
mod recorder;
mod types;

pub(crate) use cache::{Cache, Change, Key};
pub(crate) use context::{Context, Contexts};
pub(crate) use feed::Feed;
pub(crate) use manager::{Controller, Manager, Outcome};
pub(crate) use queue::backoff;
pub(crate) use recorder::Recorder;
pub(crate) use types::Types;
