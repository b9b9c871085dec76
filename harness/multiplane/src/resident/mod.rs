//! What a world has in each of its clusters on real nodes: the stores of the reference planes, and an Ingress controller.
//!
//! [`ResidentProgram`] runs in a pod with a folder that all clusters of the world share.

mod program;

pub use program::ResidentProgram;

/// The program's name.
pub const NAME: &str = "multiplane-world";
/// Image of its pod.
pub const IMAGE: &str = "multiplane.dev/multiplane-world:v1";
/// Namespace of all that a backend puts into a cluster.
pub const NAMESPACE: &str = "multiplane-system";
/// The Service of the stores.
pub const STORES: &str = NAME;
/// The Service of the Ingress controller.
pub const INGRESS: &str = "multiplane-ingress";
/// Port of the stores.
pub const STORES_PORT: u16 = 6445;
/// Ports of the Ingress controller in the pod, TLS and plain.
pub const INGRESS_PORTS: (u16, u16) = (8443, 8080);
/// File in the shared folder with the authorities that programs trust, PEM.
pub const TRUST: &str = "trust.pem";

/// Where pods of the same cluster reach the stores. The name is absolute, so that no search domain is tried before it.
pub(crate) fn stores_address() -> String {
    format!("{STORES}.{NAMESPACE}.svc.cluster.local.:{STORES_PORT}")
}
