//! How a container's run ended.

/// How a container's run ended, as its status reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitStatus {
    /// The process ended by itself with this code. Reason `Completed` for 0, else `Error`.
    Exited(i32),
    /// The kernel killed the process for its memory: code 137, reason `OOMKilled`.
    OutOfMemory,
    /// Killed after its grace period: code 137, reason `Error`.
    Killed,
}

impl ExitStatus {
    /// Exit code 0.
    pub const SUCCESS: Self = Self::Exited(0);

    /// The exit code as a shell reports it: 128 + 9 for a process that was killed.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Exited(code) => code,
            Self::OutOfMemory | Self::Killed => 137,
        }
    }

    /// The `reason` of a terminated container state.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Exited(0) => "Completed",
            Self::OutOfMemory => "OOMKilled",
            Self::Exited(_) | Self::Killed => "Error",
        }
    }

    /// Whether the exit code is 0.
    #[must_use]
    pub fn success(self) -> bool {
        self.code() == 0
    }
}
