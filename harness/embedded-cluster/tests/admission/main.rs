//! Webhooks and policies, in virtual time.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../golden/hooks.rs"]
#[allow(dead_code, reason = "the recordings use more of it")]
mod hooks;
mod policies;
mod webhooks;
mod world;
