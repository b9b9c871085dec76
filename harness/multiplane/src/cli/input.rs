//! Reading the user's files.

use std::path::Path;

use yaml::Diagnostics;
use yaml::diagnostic::Sources;

use super::exit::Failure;

/// A file's text.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::invalid(format!("error: {}: {error}", path.display())))
}

/// A file that is not what it should be: the place with an excerpt.
pub(crate) fn refuse(path: &Path, text: &str, error: &yaml::Error) -> Failure {
    let file = path.display().to_string();
    let mut sources = Sources::default();
    sources.add(file.as_str(), text);
    Failure::invalid(Diagnostics::from(error.diagnostic(file)).render(&sources, false))
}
