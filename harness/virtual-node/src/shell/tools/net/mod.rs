//! Tools of the network: they connect from the pod, by the names that its DNS knows.

mod curl;
mod http;
mod names;
mod nc;
mod wget;

pub(super) use curl::curl;
pub(super) use names::{getent, nslookup};
pub(super) use nc::nc;
pub(super) use wget::wget;
