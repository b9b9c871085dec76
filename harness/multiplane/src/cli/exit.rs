//! Ending a subcommand early: a message and an exit code.

use multiplane::exit::Exit;

use super::config::Settings;

/// Why a subcommand could not do its work: a message and the exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// The user's input cannot be used. The message is shown as it is.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Invalid,
            message: message.into(),
        }
    }

    /// The message, and the exit code.
    #[cfg(test)]
    pub(crate) fn parts(&self) -> (Exit, &str) {
        (self.exit, &self.message)
    }

    /// What was asked for did not come out.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            message: message.into(),
        }
    }

    /// The environment failed.
    pub(crate) fn environment(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Environment,
            message: message.into(),
        }
    }

    /// The harness itself is at fault.
    pub(crate) fn fault(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Fault,
            message: message.into(),
        }
    }

    /// Says, too, where options that the message speaks of are set.
    #[must_use]
    pub(crate) fn explained(mut self, settings: &Settings) -> Self {
        self.message += &settings.explain(&self.message);
        self
    }

    /// Writes the message to the standard error output.
    pub(crate) fn report(self) -> Exit {
        super::output::complain(&self.message);
        self.exit
    }
}

/// Output that cannot be written. A closed pipe is no fault: the reader has seen enough.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self {
                exit: Exit::Passed,
                message: String::new(),
            },
            _ => Self {
                exit: Exit::Fault,
                message: format!("error: cannot write the output: {error}"),
            },
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self {
            exit: Exit::Fault,
            message: format!("error: cannot write JSON: {error}"),
        }
    }
}
