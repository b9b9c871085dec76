//! Exit codes, in one place. They are stable.

use std::process::ExitCode;

/// How the process ends. When several apply, the lowest that is not 0 wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Everything expected came out.
    Passed = 0,
    /// An expectation failed.
    Failed = 1,
    /// Wrong arguments, or an invalid scenario or configuration.
    Invalid = 2,
    /// The environment failed, not the product under test.
    Environment = 3,
    /// Something is left over outside the process.
    CleanUp = 4,
    /// Fault of the harness, or unknown.
    Fault = 5,
    /// Interrupted (SIGINT), after clean-up.
    Interrupted = 130,
    /// Terminated (SIGTERM), after clean-up.
    Terminated = 143,
}

impl Exit {
    /// Both together: the lower one that is not 0.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let failures = [self, other].into_iter().filter(|exit| *exit != Self::Passed);
        failures.min().unwrap_or(Self::Passed)
    }

    /// The exit with this code; an unknown one is a fault.
    pub fn from_code(code: u8) -> Self {
        let all = [
            Self::Passed,
            Self::Failed,
            Self::Invalid,
            Self::Environment,
            Self::CleanUp,
            Self::Interrupted,
            Self::Terminated,
        ];
        all.into_iter().find(|exit| *exit as u8 == code).unwrap_or(Self::Fault)
    }
}

/// The codes as `--help` shows them.
pub const HELP: &str = "\
Exit codes: 0 passed; 1 an expectation failed; 2 usage, or an invalid scenario or configuration;
3 the environment failed; 4 clean-up incomplete; 5 fault of the harness; 130/143 interrupted.";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
