//! Answers that are not gRPC's: those of a proxy between client and server.

use http::{Response, StatusCode};
use tonic::body::Body;
use tonic::{Code, Status};

/// An answer as it is, unless it is HTTP's alone: then the gRPC status that its HTTP status stands for, as every gRPC client
/// reads it (`doc/http-grpc-status-mapping.md` of gRPC), in grpc-go's words.
pub(super) fn as_grpc(answer: Response<Body>) -> Response<Body> {
    let status = answer.status();
    if status == StatusCode::OK || answer.headers().contains_key("grpc-status") {
        return answer;
    }
    let reason = status.canonical_reason().unwrap_or_default();
    let message = format!("unexpected HTTP status code received from server: {} ({reason})", status.as_u16());
    Status::new(code(status), message).into_http()
}

fn code(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, grpc: Option<&str>) -> (u16, Option<String>, Option<String>) {
        let mut answer = Response::builder().status(status);
        if let Some(grpc) = grpc {
            answer = answer.header("grpc-status", grpc);
        }
        let answer = as_grpc(answer.body(Body::empty()).unwrap());
        let header = |name| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), header("grpc-status"), header("grpc-message"))
    }

    #[test]
    fn a_proxys_answer_is_the_status_that_it_stands_for() {
        for (status, grpc) in [
            (400, "13"),
            (401, "16"),
            (403, "7"),
            (404, "12"),
            (429, "14"),
            (503, "14"),
            (500, "2"),
        ] {
            assert_eq!(answer(status, None).1.as_deref(), Some(grpc), "{status}");
        }
        let (status, _, message) = answer(503, None);
        assert_eq!(status, 200);
        let words = "unexpected%20HTTP%20status%20code%20received%20from%20server:%20503%20(Service%20Unavailable)";
        assert_eq!(message.as_deref(), Some(words));
    }

    #[test]
    fn a_servers_answer_stays() {
        assert_eq!(answer(200, None), (200, None, None));
        assert_eq!(answer(503, Some("8")), (503, Some("8".to_owned()), None));
    }
}
