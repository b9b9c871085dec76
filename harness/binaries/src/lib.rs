//! A real Kubernetes control plane from this machine's programs: etcd, kube-apiserver and, where it is there, kube-controller-manager.
//!
//! [`Binaries`] finds them; [`ControlPlane`] runs them on loopback, as children that end with this process however it ends.

mod arguments;
mod control_plane;
mod credentials;
mod error;
mod files;
mod find;
mod program;

pub use control_plane::{ControlPlane, Settings};
pub use credentials::Credentials;
pub use error::StartError;
pub use find::{Binaries, NotFound, Places};
