//! Virtual nodes against embedded clusters, in virtual time.
#![expect(clippy::unwrap_used, reason = "tests")]

mod app;
mod commands;
mod ephemeral;
mod network;
mod pods;
mod programs;
mod remote;
mod spdy_client;
mod spdy_streams;
mod world;
