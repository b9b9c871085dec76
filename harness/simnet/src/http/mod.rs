//! HTTP clients that go over a [`Host`](crate::Host): a connector for hyper and tonic, and a service that `kube::Client::new` takes.

mod access;
mod connector;
mod error;
mod stream;

pub use access::{Access, AccessService};
pub use connector::Connector;
pub use error::HttpError;
pub use stream::HttpStream;
