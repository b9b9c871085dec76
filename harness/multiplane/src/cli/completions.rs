//! `multiplane completions`.

use clap::Args;
use clap_complete::{Shell, generate};
use multiplane::exit::Exit;

use super::exit::Failure;
use super::output::Output;

/// Prints what a shell needs to complete commands and options.
///
/// For bash: `source <(multiplane completions bash)`.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, command: &mut clap::Command, output: &mut Output) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        generate(self.shell, command, "multiplane", &mut script);
        output.line(String::from_utf8_lossy(&script).trim_end())?;
        Ok(Exit::Passed)
    }
}
