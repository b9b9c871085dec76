//! What can go wrong with a release, in Helm's words.

use crate::error::Error;

/// Errors of release operations.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The chart cannot be rendered.
    #[error(transparent)]
    Chart(#[from] Error),
    /// A release of that name is there already.
    #[error("cannot reuse a name that is still in use")]
    NameInUse,
    /// There is no such release.
    #[error("Release not loaded: {name}: release: not found")]
    NotFound {
        /// Name of the release.
        name: String,
    },
    /// There is no deployed revision to upgrade or roll back.
    #[error("{name:?} has no deployed releases")]
    NotDeployed {
        /// Name of the release.
        name: String,
    },
    /// There is no such revision.
    #[error("release {name} has no revision {revision}")]
    NoRevision {
        /// Name of the release.
        name: String,
        /// The revision asked for.
        revision: u32,
    },
    /// An earlier operation has not ended.
    #[error("another operation (install/upgrade/rollback) is in progress")]
    Pending,
    /// The name is no release name.
    #[error(
        "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53: {name:?}"
    )]
    InvalidName {
        /// The name.
        name: String,
    },
    /// The cluster does not know a kind.
    #[error(
        "unable to build kubernetes objects from release manifest: resource mapping not found for name: {name:?} namespace: {namespace:?} from \"\": no matches for kind {kind:?} in version {api_version:?}\nensure CRDs are installed first"
    )]
    UnknownKind {
        /// The object's name.
        name: String,
        /// The object's namespace.
        namespace: String,
        /// The object's kind.
        kind: String,
        /// The object's version.
        api_version: String,
    },
    /// A manifest lacks what every object has.
    #[error("unable to build kubernetes objects from release manifest: {source_file}: {message}")]
    Manifest {
        /// The template.
        source_file: String,
        /// What is missing.
        message: String,
    },
    /// An object exists and is not this release's.
    #[error(
        "{kind} {name:?} in namespace {namespace:?} exists and cannot be imported into the current release: invalid ownership metadata; {reasons}"
    )]
    Ownership {
        /// The object's kind.
        kind: String,
        /// The object's name.
        name: String,
        /// The object's namespace, empty for a cluster's own.
        namespace: String,
        /// What does not match.
        reasons: String,
    },
    /// Objects did not become ready in time.
    #[error("resource {object} not ready. status: {status}, message: {message}")]
    NotReady {
        /// `Kind/namespace/name`.
        object: String,
        /// `InProgress` or `Failed`.
        status: &'static str,
        /// Why.
        message: String,
    },
    /// A record cannot be read.
    #[error("release record {secret} cannot be read: {message}")]
    Record {
        /// The Secret.
        secret: String,
        /// Why.
        message: String,
    },
    /// What was going on when something failed.
    #[error("{doing}: {source}")]
    While {
        /// As `pre-install hooks failed`.
        doing: String,
        /// What failed.
        source: Box<ReleaseError>,
    },
    /// The API server said no, or cannot be reached.
    #[error("{}", api_text(.0))]
    Api(#[from] kube::Error),
    /// A watch failed.
    #[error(transparent)]
    Watch(#[from] kube::runtime::wait::Error),
}

impl ReleaseError {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            ReleaseError::Chart(error) => error.code(),
            ReleaseError::NameInUse => "release-name-in-use",
            ReleaseError::NotFound { .. } => "release-not-found",
            ReleaseError::NotDeployed { .. } => "release-not-deployed",
            ReleaseError::NoRevision { .. } => "release-no-revision",
            ReleaseError::Pending => "release-pending",
            ReleaseError::InvalidName { .. } => "release-name-invalid",
            ReleaseError::UnknownKind { .. } => "release-unknown-kind",
            ReleaseError::Manifest { .. } => "release-manifest",
            ReleaseError::Ownership { .. } => "release-ownership",
            ReleaseError::NotReady { .. } => "release-not-ready",
            ReleaseError::Record { .. } => "release-record",
            ReleaseError::While { source, .. } => source.code(),
            ReleaseError::Api(_) | ReleaseError::Watch(_) => "release-api",
        }
    }

    /// Whether the API server could not be asked, as opposed to having said no.
    pub fn is_unreachable(&self) -> bool {
        match self {
            ReleaseError::While { source, .. } => source.is_unreachable(),
            ReleaseError::Api(error) => matches!(error, kube::Error::Service(_) | kube::Error::HyperError(_)),
            _ => false,
        }
    }

    pub(super) fn during(self, doing: impl Into<String>) -> Self {
        ReleaseError::While {
            doing: doing.into(),
            source: Box::new(self),
        }
    }
}

/// The API server's own words, where there are any.
fn api_text(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        other => other.to_string(),
    }
}
