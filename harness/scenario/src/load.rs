//! From a file to a checked scenario.

use std::collections::BTreeMap;
use std::path::Path;

use yaml::{Diagnostic, Diagnostics, Sources};

use crate::expand::Given;
use crate::parse::Parsed;
use crate::{Scenario, check, parse};

/// A scenario that can be run, and what the check has to remark on it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// Its cell of the file's matrix: values by `vars.<axis>`. Empty without a matrix.
    pub cell: BTreeMap<String, String>,
    /// Warnings and notes; no errors.
    pub diagnostics: Diagnostics,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
}

impl Loaded {
    /// The cell as it is written on the command line.
    pub fn words(&self) -> String {
        self.cell
            .iter()
            .map(|(key, value)| format!("--matrix {key}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    }
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
/// All mistakes at once, sorted by place; or the file is more than one scenario, by its matrix.
pub fn load(path: &Path) -> Result<Loaded, Invalid> {
    only(path, load_all(path, &Given::default())?)
}

/// As [`load`], for a text that is at hand; `path` says from where its files count.
///
/// # Errors
/// As [`load`].
pub fn parse_text(path: &Path, text: &str) -> Result<Loaded, Invalid> {
    only(path, parse_all(path, text, &Given::default())?)
}

/// Reads and checks a scenario file: one scenario for each cell of its matrix.
///
/// # Errors
/// All mistakes at once, sorted by place.
pub fn load_all(path: &Path, given: &Given) -> Result<Vec<Loaded>, Invalid> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse_all(path, &text, given),
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

/// As [`load_all`], for a text that is at hand; `path` says from where its files count.
///
/// # Errors
/// As [`load_all`].
pub fn parse_all(path: &Path, text: &str, given: &Given) -> Result<Vec<Loaded>, Invalid> {
    let file = path.display().to_string();
    let mut sources = Sources::default();
    sources.add(file.clone(), text);
    let mut diagnostics = Diagnostics::default();
    let cells = parse::parse(path, text, given, &mut diagnostics);
    for parsed in &cells {
        check::check(parsed, (&file, text), given, &mut sources, &mut diagnostics);
    }
    diagnostics.sort();
    diagnostics.dedup();
    if diagnostics.has_errors() || cells.is_empty() {
        return Err(Invalid { diagnostics, sources });
    }
    let loaded = |parsed: Parsed| Loaded {
        scenario: parsed.scenario,
        cell: parsed.fixed,
        diagnostics: diagnostics.clone(),
        sources: sources.clone(),
    };
    Ok(cells.into_iter().map(loaded).collect())
}

/// The only scenario of a file.
///
/// # Errors
/// There are several: which one is meant, must be said.
pub fn only(path: &Path, mut cells: Vec<Loaded>) -> Result<Loaded, Invalid> {
    match cells.pop() {
        Some(only) if cells.is_empty() => Ok(only),
        last => {
            let cells: Vec<String> = cells.iter().chain(&last).map(|cell| format!("  {}", cell.words())).collect();
            let message = format!("the matrix has {} cells, and one is needed:\n{}", cells.len(), cells.join("\n"));
            let mut diagnostic = Diagnostic::error("several-cells", message).help("choose one, with `--matrix` for each of its values");
            diagnostic.file = Some(path.display().to_string());
            Err(Invalid {
                diagnostics: diagnostic.into(),
                sources: Sources::default(),
            })
        }
    }
}
