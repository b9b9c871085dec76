//! What lies behind an error.

use std::error::Error;
use std::iter::successors;

/// An error with what it comes from, each said once: a client's own words ("client error (Connect)") say little.
pub(crate) fn causes(error: &(dyn Error + 'static)) -> String {
    successors(error.source(), |cause| (*cause).source()).fold(error.to_string(), |text, cause| {
        let more = cause.to_string();
        if text.contains(&more) { text } else { format!("{text}: {more}") }
    })
}
