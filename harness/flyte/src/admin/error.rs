//! What a call answers when it refuses: a gRPC code, a message, and for events a reason that propeller reads.

use prost::Message;
use prost_types::Any;
use tonic::{Code, Status};

use crate::proto::admin::{EventFailureReason, event_failure_reason::Reason};
use crate::stores::DatabaseError;

/// A refusal.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct AdminError {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) reason: Option<Reason>,
}

impl AdminError {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            reason: None,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    pub(crate) fn precondition(message: impl Into<String>, reason: Option<Reason>) -> Self {
        Self {
            code: Code::FailedPrecondition,
            message: message.into(),
            reason,
        }
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::invalid(format!("missing {field}"))
    }
}

impl From<DatabaseError> for AdminError {
    fn from(error: DatabaseError) -> Self {
        let code = match error {
            DatabaseError::UniqueViolation(_) => Code::AlreadyExists,
            DatabaseError::ReadOnly | DatabaseError::Unavailable(_) => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}

/// `google.rpc.Status`, the wire form of details.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(crate) details: Vec<Any>,
}

/// Type of the details that events are refused with.
const REASON_TYPE: &str = "type.googleapis.com/flyteidl.admin.EventFailureReason";

impl From<DatabaseError> for Status {
    fn from(error: DatabaseError) -> Self {
        AdminError::from(error).into()
    }
}

impl From<AdminError> for Status {
    fn from(error: AdminError) -> Self {
        let Some(reason) = error.reason else {
            return Self::new(error.code, error.message);
        };
        let reason = EventFailureReason { reason: Some(reason) };
        let details = RpcStatus {
            code: error.code as i32,
            message: error.message.clone(),
            details: vec![Any {
                type_url: REASON_TYPE.to_owned(),
                value: reason.encode_to_vec(),
            }],
        };
        Self::with_details(error.code, error.message, details.encode_to_vec().into())
    }
}

/// The reason in a refusal, if it carries one.
pub(crate) fn failure_reason(status: &Status) -> Option<Reason> {
    let details = RpcStatus::decode(status.details()).ok()?;
    let any = details.details.into_iter().find(|any| any.type_url == REASON_TYPE)?;
    EventFailureReason::decode(any.value.as_slice()).ok()?.reason
}
