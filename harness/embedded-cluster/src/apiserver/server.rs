//! One cluster's API server.

use std::sync::Arc;

use serde_json::Value;

use super::Request;
use crate::client::{List, Watch};
use crate::object::Object;
use crate::status::Status;
use crate::store::Store;

/// One cluster's API server: its state and what decides about requests.
pub(crate) struct ApiServer {
    pub(crate) store: Arc<Store>,
}

/// The answer of the pipeline.
pub(crate) enum Outcome {
    /// An object; whether it was created just now.
    Object(Arc<Object>, bool),
    /// A list.
    List(List),
    /// A stream of changes.
    Watch(Watch),
    /// Something that is not stored: a review, a token, a `Status` of success.
    Value(Value),
}

impl Outcome {
    /// The object, where the verb answers one.
    pub(crate) fn object(self) -> Result<Arc<Object>, Status> {
        match self {
            Outcome::Object(object, _) => Ok(object),
            Outcome::Value(value) => Ok(Arc::new(Object::new(value))),
            _ => Err(Status::internal("the answer is not an object")),
        }
    }

    /// The list, where the verb answers one.
    pub(crate) fn list(self) -> Result<List, Status> {
        if let Outcome::List(list) = self {
            Ok(list)
        } else {
            Err(Status::internal("the answer is not a list"))
        }
    }

    /// The stream, where the verb answers one.
    pub(crate) fn watch(self) -> Result<Watch, Status> {
        if let Outcome::Watch(watch) = self {
            Ok(watch)
        } else {
            Err(Status::internal("the answer is not a watch"))
        }
    }

    /// The answer as JSON, where it is one object.
    pub(crate) fn value(self) -> Result<Value, Status> {
        match self {
            Outcome::Value(value) => Ok(value),
            other => Ok(other.object()?.value().clone()),
        }
    }
}

impl ApiServer {
    /// Answers one request.
    pub(crate) async fn handle(&self, request: Request) -> Result<Outcome, Status> {
        Err(Status::not_implemented(request.verb.name()))
    }
}
