//! One network and one clock, simulated or real.
//!
//! A [`Network`] gives every machine of a world a [`Host`]: something that listens on ports and connects to names. Bytes travel as in-memory
//! streams ([`Network::simulated`]) or over loopback sockets ([`Network::loopback`]); what a program sees is the same: names that do not resolve,
//! refused connections, partitions and slow links ([`Rules`]), and real TLS on top ([`tls`]). Where other processes hold parts of the world,
//! [`Network::gateway`] leads to them; no other network knows a way out, except [`Network::machine`], which is one computer on the real network.
//!
//! The [`Clock`] is the only source of wall-clock time. It follows tokio's clock, so that a paused runtime makes hours cost milliseconds.
//!
//! Machines live in a *zone* (one for each cluster). Addresses and Service names are private to a zone; DNS names given with
//! [`Network::name`] are seen from everywhere.

mod clock;
mod host;
pub mod http;
mod link;
mod listener;
mod network;
mod outside;
mod rules;
mod stream;
pub mod tls;

pub use clock::Clock;
pub use host::Host;
pub use listener::{Listener, PeerAddr};
pub use network::{Network, Resolve};
pub use outside::{Machine, OUTSIDE, Outside, dial};
pub use rules::{Effect, Rule, RuleId, Rules};
pub use stream::Stream;
