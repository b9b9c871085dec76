//! What the pipeline answers.

use std::sync::Arc;

use super::Cuts;
use crate::value::Value;

use crate::client::{List, Watch, WatchEvent};
use crate::kinds::Kind;
use crate::object::Object;
use crate::status::Status;

/// An answer and the warnings that go with it.
pub(crate) struct Response {
    pub(crate) outcome: Outcome,
    pub(crate) warnings: Vec<String>,
}

/// The answer of the pipeline.
pub(crate) enum Outcome {
    /// An object; whether it was created just now.
    Object(Arc<Object>, bool),
    /// A list of objects of a kind, and where it continues.
    List(List, Arc<Kind>, Page),
    /// A stream of changes.
    Watch(Stream),
    /// Something that is not stored (a review, a token, a `Status` of success), with its code.
    Value(Value, u16),
    /// Text of a container's log, as the node streams it.
    Log(Option<super::logs::LogStream>),
    /// The connection goes on with another protocol; the headers of that answer.
    Upgraded(http::HeaderMap),
}

/// Where a list ends that was limited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) continue_token: String,
    pub(crate) remaining: Option<usize>,
}

/// A watch: what comes first, then what the log brings.
pub(crate) struct Stream {
    pub(crate) initial: std::vec::IntoIter<WatchEvent>,
    pub(crate) changes: Watch,
    pub(crate) kind: Arc<Kind>,
    pub(crate) bookmarks: bool,
    pub(crate) timeout: Option<std::time::Duration>,
    /// Orders to end it before its time.
    pub(crate) cuts: Cuts,
}

impl Outcome {
    /// The object, where the verb answers one.
    pub(crate) fn object(self) -> Result<Arc<Object>, Status> {
        match self {
            Outcome::Object(object, _) => Ok(object),
            Outcome::Value(value, _) => Ok(Arc::new(Object::new(value))),
            _ => Err(Status::internal("the answer is not an object")),
        }
    }

    /// The list, where the verb answers one.
    pub(crate) fn list(self) -> Result<List, Status> {
        if let Outcome::List(list, ..) = self {
            Ok(list)
        } else {
            Err(Status::internal("the answer is not a list"))
        }
    }

    /// The stream, where the verb answers one.
    pub(crate) fn watch(self) -> Result<Watch, Status> {
        if let Outcome::Watch(stream) = self {
            Ok(stream.changes)
        } else {
            Err(Status::internal("the answer is not a watch"))
        }
    }

    /// The answer as JSON, where it is one object.
    pub(crate) fn value(self) -> Result<Value, Status> {
        match self {
            Outcome::Value(value, _) => Ok(value),
            other => Ok(other.object()?.value().clone()),
        }
    }
}
