//! gRPC channels over the network of a world.

use std::time::Duration;

use http::Response;
use simnet::Host;
use simnet::http::Connector;
use simnet::tls::{TlsError, client_config};
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower::util::MapResponse;

use super::answer::as_grpc;

/// A gRPC channel that reads also what a proxy between client and server answers. Clones share the connection.
pub type GrpcChannel = MapResponse<Channel, fn(Response<Body>) -> Response<Body>>;

/// Why no channel could be made. Nothing is connected yet at that point.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The endpoint is not `host:port`.
    #[error("invalid endpoint {0:?}: {1}")]
    Endpoint(String, tonic::transport::Error),
    /// The trusted certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A channel from `host` to `endpoint` (`host:port`), connected at the first call. With `trust` (PEM) it is
/// encrypted and the server's certificate is checked; `timeout` limits each call.
///
/// # Errors
/// [`ChannelError`] if the endpoint or the certificates cannot be read.
pub fn channel(host: &Host, endpoint: &str, trust: Option<&str>, timeout: Duration) -> Result<GrpcChannel, ChannelError> {
    let tls = match trust {
        Some(roots) => Some(client_config(roots, None, &["h2"], host.clock())?),
        None => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let target = Endpoint::from_shared(format!("{scheme}://{endpoint}"))
        .map_err(|error| ChannelError::Endpoint(endpoint.to_owned(), error))?
        .timeout(timeout);
    let channel = target.connect_with_connector_lazy(Connector::new(host.clone(), tls));
    Ok(MapResponse::new(channel, as_grpc))
}
