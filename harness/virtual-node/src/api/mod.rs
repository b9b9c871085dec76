//! How this crate reads from an API server: by watches, never by polling.

mod lean;
mod mirror;
mod reference;
mod watch;

pub use lean::{Lean, Unread};
pub(crate) use mirror::Mirror;
pub(crate) use reference::{Changes, Reference, References};
pub use watch::Pause;
pub(crate) use watch::watch;
