//! The API server without its wire: one pipeline for every request, in-process or over HTTP.
//!
//! [`pipeline`](ApiServer::handle) shows the whole way; the other modules are its stations.

mod addresses;
mod binding;
mod connect;
pub(crate) mod convert;
mod decode;
mod disturbance;
mod eviction;
mod kubelet;
mod logs;
mod options;
mod outcome;
mod patching;
mod pipeline;
pub(crate) mod proxy;
mod read;
mod request;
mod reviews;
mod scale;
mod server;
mod subresources;
pub(crate) mod token;
mod write;

pub use disturbance::{Disturbance, Disturbed, Disturbing};

pub(crate) use connect::Upgrade;
pub(crate) use convert::{served_value, stored_value, to_served};
pub(crate) use decode::{BODY_LIMIT, media_type};
pub(crate) use disturbance::{Cuts, Disturbances};
pub(crate) use options::{Options, OptionsKind, unescape};
pub(crate) use outcome::{Outcome, Page, Response, Stream};
pub(crate) use patching::operations as json_patch;
pub(crate) use read::bookmark;
pub(crate) use request::{Body, PatchKind, Request, Target, Verb};
pub(crate) use server::{ApiServer, seconds};
