//! `error.pb`: what a task writes in place of outputs when it fails and its container does not.
//!
//! `flyteidl.core.ErrorDocument`, which is no part of the admin API's descriptors.

use bytes::Bytes;
use prost::Message;

use crate::crd::ExecutionError;
use crate::proto::core::execution_error::ErrorKind;

#[derive(Clone, PartialEq, Message)]
struct ErrorDocument {
    #[prost(message, optional, tag = "1")]
    error: Option<ContainerError>,
}

#[derive(Clone, PartialEq, Message)]
struct ContainerError {
    #[prost(string, tag = "1")]
    code: String,
    #[prost(string, tag = "2")]
    message: String,
    /// 1 if another attempt may help.
    #[prost(int32, tag = "3")]
    kind: i32,
    /// Whose fault it is, an [`ErrorKind`].
    #[prost(int32, tag = "4")]
    origin: i32,
}

/// The error in a document, and whether another attempt may help. One that cannot be read may be written well by another attempt.
pub(super) fn read(uri: &str, content: Bytes) -> (ExecutionError, bool) {
    match ErrorDocument::decode(content).map(|document| document.error) {
        Ok(Some(error)) => {
            let user = error.origin != ErrorKind::System as i32;
            let (code, message) = (error.code, error.message);
            (ExecutionError { code, message, user }, error.kind == 1)
        }
        Ok(None) => bad(format!("error not formatted correctly, nil error @path [{uri}]")),
        Err(error) => bad(format!("failed to read {uri}: {error}")),
    }
}

fn bad(message: String) -> (ExecutionError, bool) {
    let code = "ErrorFileBadFormat".to_owned();
    (
        ExecutionError {
            code,
            message,
            user: false,
        },
        true,
    )
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::read;

    /// As flytekit 1.16.31 writes them: `ErrorDocument(ContainerError("USER:ValueError", "no", kind, origin)).to_flyte_idl()`.
    #[test]
    fn documents_of_flytekit() {
        for (kind, origin, recoverable, user) in [(0, 1, false, true), (1, 1, true, true), (1, 2, true, false), (0, 0, false, true)] {
            let mut inner = b"\x0a\x0fUSER:ValueError\x12\x02no".to_vec();
            if kind != 0 {
                inner.extend([0x18, kind]);
            }
            if origin != 0 {
                inner.extend([0x20, origin]);
            }
            // Time and worker, which nobody reads.
            inner.extend(b"\x2a\x02\x08\x01\x32\x01w");
            let mut document = vec![0x0a, u8::try_from(inner.len()).unwrap()];
            document.extend(inner);
            let (error, again) = read("s3://b/error.pb", document.into());
            assert_eq!((error.code.as_str(), error.message.as_str()), ("USER:ValueError", "no"));
            assert_eq!((again, error.user), (recoverable, user), "{kind} {origin}");
        }
    }

    #[test]
    fn what_is_no_document_is_an_error_as_well() {
        for content in [&b""[..], b"no document"] {
            let (error, again) = read("s3://b/error.pb", Bytes::from_static(content));
            assert_eq!(error.code, "ErrorFileBadFormat");
            assert!(again && !error.user && error.message.contains("s3://b/error.pb"), "{error:?}");
        }
    }
}
