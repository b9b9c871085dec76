//! Why a step failed.

use std::future::Future;
use std::time::Duration;

use crate::causes::causes;
use crate::journal::Outcome;

/// The code of what failed because an API server was not reached.
pub(crate) const UNREACHABLE: &str = "api-unreachable";

/// Why a step failed: whose fault it is, a stable code, what happened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Whose fault it is.
    pub outcome: Outcome,
    /// Stable name of this kind of failure.
    pub code: &'static str,
    /// What happened; several lines where details follow.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Failure {
    /// The product under test did not do what is expected.
    pub(crate) fn expectation(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Failed,
            code,
            message: message.into(),
            help: None,
        }
    }

    /// The scenario cannot be run as it stands.
    pub(crate) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Invalid,
            code,
            message: message.into(),
            help: None,
        }
    }

    /// The environment failed, not the product.
    pub(crate) fn environment(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Environment,
            code,
            message: message.into(),
            help: None,
        }
    }

    /// The harness itself failed.
    pub(crate) fn fault(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Fault,
            code,
            message: message.into(),
            help: None,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// The message with what to do about it.
    pub(crate) fn text(&self) -> String {
        match &self.help {
            Some(help) => format!("{}\nhelp: {help}", self.message),
            None => self.message.clone(),
        }
    }

    /// Adds details below the message.
    #[must_use]
    pub(crate) fn details<I: IntoIterator<Item = String>>(mut self, lines: I) -> Self {
        for line in lines {
            self.message.push_str("\n  ");
            self.message.push_str(&line);
        }
        self
    }
}

/// What the API server refuses is the deployment's fault; what cannot be reached is the environment's.
impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::expectation("api-refused", status.message.clone()),
            other => Self::environment(UNREACHABLE, causes(&other)),
        }
    }
}

impl From<kube::runtime::wait::Error> for Failure {
    fn from(error: kube::runtime::wait::Error) -> Self {
        Self::environment("api-watch", causes(&error))
    }
}

/// Waits for a future, but not for ever.
pub(crate) async fn within<F: Future>(limit: Duration, what: &str, future: F) -> Result<F::Output, Failure> {
    let late = || Failure::expectation("timed-out", format!("{what}: not there after {}", crate::report::duration(limit)));
    tokio::time::timeout(limit, future).await.map_err(|_| late())
}
