//! Writing to the terminal.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use serde::Serialize;

use super::exit::Failure;

/// The standard output.
pub(crate) struct Output {
    out: Box<dyn Write>,
    color: bool,
}

impl Output {
    pub(crate) fn stdout() -> Self {
        let stdout = io::stdout();
        let color = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            out: Box::new(stdout),
            color,
        }
    }

    /// Output to somewhere else, without colours.
    #[cfg(test)]
    pub(crate) fn to(out: impl Write + 'static) -> Self {
        Self {
            out: Box::new(out),
            color: false,
        }
    }

    /// Whether a terminal reads it that may be coloured.
    pub(crate) fn color(&self) -> bool {
        self.color
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.out, "{}", line.as_ref())
    }

    /// Writes a value as indented JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)?;
        Ok(self.line(text)?)
    }
}

/// Writes a message to the standard error output; where that is closed, there is nobody to tell.
pub(crate) fn complain(message: &str) {
    if !message.is_empty() {
        let _ = writeln!(io::stderr(), "{message}");
    }
}

/// Writes a whole file.
pub(crate) fn write_file(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| cannot_write(file, &error))
}

/// Finds out whether a file can be written, without changing it.
pub(crate) fn check_file(file: &Path) -> Result<(), Failure> {
    let there = file.exists();
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(file);
    opened.map_err(|error| cannot_write(file, &error))?;
    if !there {
        let _ = std::fs::remove_file(file);
    }
    Ok(())
}

/// A file that the user named cannot be written.
pub(crate) fn cannot_write(file: &Path, error: &io::Error) -> Failure {
    Failure::invalid(format!("error: cannot write {}: {error}", file.display()))
}
