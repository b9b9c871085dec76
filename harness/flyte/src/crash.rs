//! Moments at which the reference flyteadmin can be killed, between what a client asks and what becomes of it in a cluster.

/// A moment of flyteadmin's work; see [`virtual_node::CrashPoints`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CrashPoint {
    /// An execution is accepted: checked, with nothing written.
    Accepted,
    /// Its inputs are stored and its cluster is chosen; there is no object yet.
    Placed,
    /// Its object is in the cluster; there is no record of it yet.
    ObjectMade,
    /// It is recorded; the client has no answer yet.
    Recorded,
    /// An execution that is terminated is recorded as `ABORTING`; its object is there still.
    Aborting,
    /// Its object is deleted; the client has no answer yet.
    ObjectDeleted,
}

impl CrashPoint {
    /// All of them, in the order in which a call passes them.
    pub const ALL: [Self; 6] = [
        Self::Accepted,
        Self::Placed,
        Self::ObjectMade,
        Self::Recorded,
        Self::Aborting,
        Self::ObjectDeleted,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Placed => "placed",
            Self::ObjectMade => "objectMade",
            Self::Recorded => "recorded",
            Self::Aborting => "aborting",
            Self::ObjectDeleted => "objectDeleted",
        }
    }
}
