//! Releases in a cluster: install, upgrade, roll back, uninstall, as Helm 4 does.
//!
//! Objects are written by server-side apply as field manager `helm`; each revision is
//! recorded as the Secret `sh.helm.release.v1.NAME.vN` in Helm's own format, so that the
//! real `helm list`, `status`, `history` and `get` read what we deploy, and we what they do.

mod apply;
mod discovery;
mod error;
mod hooks;
mod install;
mod objects;
mod options;
mod prepare;
mod ready;
mod record;
mod rollback;
mod store;
mod uninstall;
mod upgrade;
mod wait;

use kube::Client;

pub use discovery::discover;
pub use error::ReleaseError;
pub use options::{Clock, ReleaseOptions};
pub use record::{Record, RecordInfo, RecordStatus};

/// The releases of one namespace.
#[derive(Clone)]
pub struct Releases {
    client: Client,
    namespace: String,
    clock: Clock,
}

impl Releases {
    /// Releases in `namespace`, seen through `client`; `clock` gives their times.
    pub fn new(client: Client, namespace: &str, clock: Clock) -> Self {
        Releases {
            client,
            namespace: namespace.to_owned(),
            clock,
        }
    }

    /// All revisions of a release, oldest first; empty if there is none.
    ///
    /// # Errors
    /// The cluster cannot be asked, or holds a record that cannot be read.
    pub async fn history(&self, name: &str) -> Result<Vec<Record>, ReleaseError> {
        self.store().history(name).await
    }

    /// The latest revision.
    ///
    /// # Errors
    /// There is no such release; else as [`history`](Self::history).
    pub async fn status(&self, name: &str) -> Result<Record, ReleaseError> {
        let last = self.history(name).await?.pop();
        last.ok_or_else(|| ReleaseError::NotFound { name: name.to_owned() })
    }

    fn store(&self) -> store::Store {
        store::Store::new(&self.client, &self.namespace, &self.clock)
    }
}
