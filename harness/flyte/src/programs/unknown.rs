//! gRPC services that are not served, in grpc-go's words: clients show them, and tell them from an API that is not there.

use http::{Response, Uri};
use tonic::Status;
use tonic::body::Body;

/// Answers a call of a service that nobody serves here.
pub(super) async fn answer(path: Uri) -> Response<Body> {
    let service = path.path().trim_start_matches('/').split('/').next().unwrap_or_default();
    Status::unimplemented(format!("unknown service {service}")).into_http()
}
