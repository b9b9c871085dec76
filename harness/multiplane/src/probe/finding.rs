//! What a probe found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What flyteadmin needs in a data plane to place executions and to keep namespaces: (verb, API group, resource).
///
/// Placement creates and deletes FlyteWorkflow objects; the cluster resource controller creates, reads and patches the templates' kinds.
pub const NEEDED: [(&str, &str, &str); 8] = [
    ("create", "flyte.lyft.com", "flyteworkflows"),
    ("delete", "flyte.lyft.com", "flyteworkflows"),
    ("create", "", "namespaces"),
    ("get", "", "namespaces"),
    ("patch", "", "namespaces"),
    ("create", "", "resourcequotas"),
    ("get", "", "resourcequotas"),
    ("patch", "", "resourcequotas"),
];

/// The result of one probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The API server's URL that was tried.
    pub server: String,
    /// What is wrong; `None` if nothing is.
    pub fault: Option<Fault>,
}

/// What is wrong with a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Fault {
    /// A file that the Secret should hold is not there.
    MissingFile {
        /// Its path in the pod.
        path: String,
    },
    /// The API server cannot be reached.
    NoRoute {
        /// What the network said.
        message: String,
    },
    /// The CA certificate does not vouch for the API server.
    WrongCa {
        /// What TLS said.
        message: String,
    },
    /// The token cannot be sent as a header.
    MalformedToken {
        /// What the client said.
        message: String,
    },
    /// The API server does not accept the token (401).
    Unauthorized {
        /// What the API server said.
        message: String,
    },
    /// The token's account may not do what flyteadmin needs (403).
    Forbidden {
        /// The account, as the API server names it.
        user: String,
        /// Permissions it lacks, as `verb resource.group`.
        missing: Vec<String>,
    },
    /// Anything else.
    Other {
        /// What was said.
        message: String,
    },
}

impl Fault {
    /// Stable code of this kind of fault.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingFile { .. } => "grant-missing-key",
            Self::NoRoute { .. } => "grant-no-route",
            Self::WrongCa { .. } => "grant-wrong-ca",
            Self::MalformedToken { .. } => "grant-malformed-token",
            Self::Unauthorized { .. } => "grant-unauthorized",
            Self::Forbidden { .. } => "grant-forbidden",
            Self::Other { .. } => "grant-failed",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingFile { path } => write!(f, "{path}: no such file or directory"),
            Self::NoRoute { message } => write!(f, "no route: {message}"),
            Self::WrongCa { message } => write!(f, "wrong CA: {message}"),
            Self::MalformedToken { message } => write!(f, "the token cannot be sent (does it end in a line break?): {message}"),
            Self::Unauthorized { message } => write!(f, "401: {message}"),
            Self::Forbidden { user, missing } => write!(f, "403 forbidden: {user} may not {}", missing.join(", ")),
            Self::Other { message } => f.write_str(message),
        }
    }
}
