//! Strategic merge patch: merge patch that knows which lists merge, and by which key.

mod directives;
mod lists;
mod merge;

pub(crate) use merge::patch;

/// Why a patch cannot be merged. A real API server answers each of these with 500 and the bare text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatchError {
    /// `$patch` is none of `replace`, `merge`, `delete`.
    #[error("unknown patch type: {directive} in map: {element}")]
    UnknownDirective {
        /// The directive.
        directive: String,
        /// The object it stands in, as Go prints it.
        element: String,
    },
    /// An item of a merged list has no merge key.
    #[error("map: {element} does not contain declared merge key: {key}")]
    NoMergeKey {
        /// The item, as Go prints it.
        element: String,
        /// The missing key.
        key: String,
    },
    /// A directive whose value is of a wrong type, or that stands where it cannot.
    #[error("{0}")]
    BadDirective(String),
}
