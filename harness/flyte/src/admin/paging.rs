//! Pages of lists: a limit and a token that is the number of items before.

use super::error::AdminError;

/// A part of a list, and the token of the next part: empty at the end.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) token: String,
}

impl<T> Page<T> {
    /// The same page of something else.
    pub(crate) fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(each).collect(),
            token: self.token,
        }
    }
}

/// How many items a list without a limit answers with.
const DEFAULT_LIMIT: usize = 100;

/// Cuts the page that `limit` and `token` ask for.
pub(crate) fn page<T>(all: Vec<T>, limit: u32, token: &str) -> Result<Page<T>, AdminError> {
    let offset: usize = match token {
        "" => 0,
        text => text
            .parse()
            .map_err(|_| AdminError::invalid(format!("invalid pagination token {text}")))?,
    };
    let limit = match limit {
        0 => DEFAULT_LIMIT,
        limit => limit as usize,
    };
    let more = all.len() > offset.saturating_add(limit);
    Ok(Page {
        items: all.into_iter().skip(offset).take(limit).collect(),
        token: if more { (offset + limit).to_string() } else { String::new() },
    })
}
