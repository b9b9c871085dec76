//! Who makes a request.

use std::collections::BTreeMap;

use crate::value::{Value, json};

/// An authenticated user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// User name, for example `system:serviceaccount:flyte:flyteadmin`.
    pub user: String,
    /// UID of the user, where the authenticator knows one.
    pub uid: String,
    /// Groups, `system:authenticated` included.
    pub groups: Vec<String>,
    /// Further facts, for example the pod that a token is bound to.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl Identity {
    /// An authenticated user of these groups.
    pub fn new<S: Into<String>>(user: impl Into<String>, groups: impl IntoIterator<Item = S>) -> Self {
        let mut groups: Vec<String> = groups.into_iter().map(Into::into).collect();
        if !groups.iter().any(|g| g == AUTHENTICATED) {
            groups.push(AUTHENTICATED.into());
        }
        Self {
            user: user.into(),
            groups,
            ..Self::default()
        }
    }

    /// Somebody without credentials.
    pub fn anonymous() -> Self {
        Self {
            user: "system:anonymous".into(),
            groups: vec![UNAUTHENTICATED.into()],
            ..Self::default()
        }
    }

    /// The user as `userInfo` of reviews.
    pub(crate) fn to_value(&self) -> Value {
        let mut info = json!({"username": self.user, "groups": self.groups});
        if !self.uid.is_empty() {
            info["uid"] = self.uid.clone().into();
        }
        if !self.extra.is_empty() {
            info["extra"] = json!(self.extra);
        }
        info
    }

    /// Whether the user belongs to `group`.
    pub fn in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|g| g == group)
    }
}

/// Group of everybody with credentials.
pub(crate) const AUTHENTICATED: &str = "system:authenticated";
/// Group of everybody without.
pub(crate) const UNAUTHENTICATED: &str = "system:unauthenticated";
/// Group that authorisation never refuses.
pub(crate) const MASTERS: &str = "system:masters";
