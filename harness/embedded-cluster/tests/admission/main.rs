//! Webhooks and policies, in virtual time.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../golden/hooks.rs"]
mod hooks;
mod policies;
mod webhooks;
mod world;
