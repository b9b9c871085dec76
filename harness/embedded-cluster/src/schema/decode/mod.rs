//! From JSON to the object a Kubernetes API server would hold: types checked, undeclared fields dropped, zero values as
//! Go's encoding leaves them, quantities and times in canonical form.

mod json;
mod scalar;
mod walk;

pub(crate) use json::{parse, paths};
pub(crate) use walk::check;

/// A value that does not fit its schema; the text is the one Go's decoder gives, without the
/// `X in version "v" cannot be handled as a X: ` around it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct DecodeError(pub(crate) String);
