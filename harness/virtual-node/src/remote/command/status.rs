//! How a command ended, for the client's error stream.

use serde_json::{Value, json};

/// How a command ended.
pub(crate) enum Ended {
    Code(i32),
    /// It never started, for this reason.
    NotStarted(String),
}

impl Ended {
    /// The `Status` that newer clients read.
    pub(super) fn status(&self) -> Value {
        match self {
            Self::Code(0) => json!({"metadata": {}, "status": "Success"}),
            Self::Code(code) => json!({
                "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode", "message": self.message(),
                "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
            }),
            Self::NotStarted(why) => json!({
                "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500, "message": self.message(),
                "details": {"causes": [{"message": cause(why)}]},
            }),
        }
    }

    /// What clients read that know no `Status`: nothing if all is well.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Code(0) => String::new(),
            Self::Code(code) => format!("command terminated with non-zero exit code: exit status {code}"),
            Self::NotStarted(why) => format!("Internal error occurred: {}", cause(why)),
        }
    }
}

fn cause(why: &str) -> String {
    format!(
        "error executing command in container: failed to exec in container: OCI runtime exec failed: exec failed: unable to start container process: {why}"
    )
}
