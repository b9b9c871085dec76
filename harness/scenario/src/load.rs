//! From a file to a checked scenario.

use std::path::Path;

use yaml::{Diagnostic, Diagnostics, Sources};

use crate::{Scenario, check, parse};

/// A scenario that can be run, and what the check has to remark on it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// Warnings and notes; no errors.
    pub diagnostics: Diagnostics,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
}

/// Everything that is wrong with a file. Displayed as for a console, without colour.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", diagnostics.render(sources, false))]
pub struct Invalid {
    /// At least one error; warnings too.
    pub diagnostics: Diagnostics,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
}

/// Reads and checks a scenario file and all files that it names.
///
/// # Errors
/// All mistakes at once, sorted by place.
pub fn load(path: &Path) -> Result<Loaded, Invalid> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse_text(path, &text),
        Err(error) => {
            let mut diagnostic = Diagnostic::error("file-unreadable", format!("cannot read the scenario: {error}"));
            diagnostic.file = Some(path.display().to_string());
            Err(Invalid {
                diagnostics: diagnostic.into(),
                sources: Sources::default(),
            })
        }
    }
}

/// As [`load`], for a text that is at hand; `path` says from where its files count.
///
/// # Errors
/// As [`load`].
pub fn parse_text(path: &Path, text: &str) -> Result<Loaded, Invalid> {
    let file = path.display().to_string();
    let mut sources = Sources::default();
    sources.add(file.clone(), text);
    let mut diagnostics = Diagnostics::default();
    let parsed = parse::parse(path, text, &mut diagnostics);
    if let Some(parsed) = &parsed {
        check::check(parsed, &file, text, &mut sources, &mut diagnostics);
    }
    diagnostics.sort();
    match parsed {
        Some(parsed) if !diagnostics.has_errors() => Ok(Loaded {
            scenario: parsed.scenario,
            diagnostics,
            sources,
        }),
        _ => Err(Invalid { diagnostics, sources }),
    }
}
