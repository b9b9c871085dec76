//! The API server without its wire: one pipeline for every request, in-process or over HTTP.

mod options;
mod request;
mod server;

pub(crate) use options::Options;
pub(crate) use request::{Body, PatchKind, Request, Target, Verb};
pub(crate) use server::{ApiServer, Outcome};
