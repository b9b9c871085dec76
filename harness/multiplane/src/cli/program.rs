//! `multiplane program`, and what the image's links to the executable are called as.

use clap::Args;

/// Runs a program of the reference planes as a process of its own, as containers of the image do.
///
/// It finds its files, environment, ports and SIGTERM where a container does. MULTIPLANE_WORLD=HOST:PORT names the world's stores, and
/// MULTIPLANE_ROOT another root of the files.
#[derive(Args)]
pub(crate) struct ProgramCommand {
    /// The program and its arguments, such as `flyteadmin serve --config /etc/flyte/config/*.yaml`.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "NAME")]
    words: Vec<String>,
}

impl ProgramCommand {
    /// Returns the program's exit code.
    pub(crate) fn run(self) -> u8 {
        run(self.words)
    }
}

/// Runs the program that this process was called as; `None` if it was called as `multiplane`.
pub(crate) fn called() -> Option<u8> {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    multiplane::process::is_program(&words).then(|| run(words))
}

fn run(words: Vec<String>) -> u8 {
    u8::try_from(multiplane::process::run(words)).unwrap_or(u8::MAX)
}
