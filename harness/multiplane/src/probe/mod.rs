//! Tries a data plane's credentials from inside a pod of the control plane's cluster.
//!
//! [`ProbeProgram`] is what the pod runs: it sees the mounted Secret and the network exactly as flyteadmin will, and prints one
//! [`Finding`] as a line of JSON.

mod finding;
mod program;

pub use finding::{Fault, Finding, NEEDED};
pub use program::ProbeProgram;

/// Image of the probe's pod.
pub const IMAGE: &str = "multiplane.dev/multiplane-probe:v1";
