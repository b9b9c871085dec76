//! The durable state of a world: what a real deployment keeps in PostgreSQL and in a blob store.
//!
//! Programs keep nothing else, so a restarted pod and a second replica see the same rows and objects.

mod backing;
mod caller;
mod database;
mod encode;
mod folder;
mod object_server;
mod objects;
mod protocol;
mod remote;
mod rows;
mod s3;
mod server;
mod signed;
mod sqlite;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use database::{Database, DatabaseAddress, DatabaseError};
pub use object_server::PublishedObjects;
pub(crate) use object_server::digest as content_digest;
pub use objects::ObjectStore;
pub(crate) use objects::ObjectUri;
pub use protocol::Facts;
pub(crate) use rows::{
    AttributeKey, EntityKey, ExecutionKey, ExecutionRow, InDataset, NodeKey, NodeRow, SignalKey, Tables, TaskKey, TaskRow,
};
pub use s3::{AccessKey, PublishedAws};
pub use server::StoreServer;
pub(crate) use signed::Signer;
pub(crate) use table::Table;

use aws::Account;
use caller::Caller;
use object_server::{ObjectServer, Published};
use remote::Remote;
use s3::Gate;
use simnet::{Clock, Listener};
use sqlite::Sqlite;
use virtual_node::ContainerContext;

/// Names of AWS's own stores begin so: a provider and a region, no address.
const AWS: &str = "s3/";

/// Every database and object store of a world. Clones share the same state.
#[derive(Clone, Default)]
pub struct Stores {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    databases: BTreeMap<DatabaseAddress, Database>,
    object_stores: BTreeMap<String, ObjectStore>,
    place: Place,
    published: Option<Published>,
    account: Account,
}

/// Where the stores keep what is in them.
#[derive(Default)]
enum Place {
    #[default]
    Memory,
    /// Objects in a folder; databases in memory, or in the folder, too.
    Folder {
        folder: PathBuf,
        databases: bool,
    },
    Remote(Remote),
}

impl Stores {
    /// A world without data. Databases and object stores are made when first named.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A world whose objects are files below `folder`, so that worlds in several processes share them. Databases stay in memory.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self::at(Place::Folder {
            folder: folder.to_owned(),
            databases: false,
        })
    }

    /// A world whose objects are files and whose databases are SQLite's, all below `folder`: it outlives its processes, and several share it.
    #[must_use]
    pub fn durable(folder: &Path) -> Self {
        Self::at(Place::Folder {
            folder: folder.to_owned(),
            databases: true,
        })
    }

    /// The world that a [`StoreServer`] at `address` (`host:port`) serves. For real time only: calls wait for the network.
    #[must_use]
    pub fn remote(address: &str) -> Self {
        Self::at(Place::Remote(Remote::new(address)))
    }

    fn at(place: Place) -> Self {
        let inner = Inner { place, ..Inner::default() };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// What the server tells of this process's surroundings; without a server there is nothing to tell.
    ///
    /// # Errors
    /// If the server does not answer.
    pub fn facts(&self) -> io::Result<Facts> {
        let remote = match &lock(&self.inner).place {
            Place::Remote(remote) => remote.clone(),
            Place::Memory | Place::Folder { .. } => return Ok(Facts::default()),
        };
        remote.facts()
    }

    /// Serves objects of these stores on `listener`, which clients reach at `base`, `http://host:port`: whoever signs URLs from now on names
    /// it. It ends with what is returned.
    #[must_use]
    pub fn publish(&self, listener: Listener, base: &str, clock: Clock) -> PublishedObjects {
        let published = Published::new(base);
        lock(&self.inner).published = Some(published.clone());
        PublishedObjects::serve(ObjectServer::new(self.clone(), published, clock), listener, base)
    }

    /// The AWS account that the world's buckets in S3 belong to. Until it is opened they are open to all.
    #[must_use]
    pub fn account(&self) -> Account {
        lock(&self.inner).account.clone()
    }

    /// Serves STS and S3 of the account on `listener`, which clients reach at `base`, `http://host:port`. It ends with what is returned.
    #[must_use]
    pub fn publish_aws(&self, listener: Listener, base: &str, clock: Clock) -> PublishedAws {
        PublishedAws::serve(Gate::Account(self.clone(), self.account()), listener, base, clock)
    }

    /// Serves one store as S3 on `listener`, for who has `key`. It ends with what is returned.
    #[must_use]
    pub fn publish_store(&self, name: &str, key: &AccessKey, listener: Listener, base: &str, clock: Clock) -> PublishedAws {
        PublishedAws::serve(Gate::Key(key.clone(), self.object_store(name)), listener, base, clock)
    }

    /// Whether a store belongs to the world's AWS account, which asks for an identity.
    #[must_use]
    pub fn asks_for_identity(&self, name: &str) -> bool {
        name.starts_with(AWS) && self.account().id().is_some()
    }

    pub(crate) fn published(&self) -> Option<Published> {
        lock(&self.inner).published.clone()
    }

    /// The database at `address`.
    ///
    /// # Errors
    /// If it is a file that cannot be opened.
    pub fn database(&self, address: &DatabaseAddress) -> Result<Database, DatabaseError> {
        let mut inner = lock(&self.inner);
        if let Some(known) = inner.databases.get(address) {
            return Ok(known.clone());
        }
        let database = match &inner.place {
            Place::Memory | Place::Folder { databases: false, .. } => Database::default(),
            Place::Folder { folder, databases: true } => {
                let file = database_file(folder, address).map_err(|error| DatabaseError::Unavailable(error.to_string()))?;
                Database::over(Box::new(Sqlite::open(&file)?))
            }
            Place::Remote(remote) => Database::over(Box::new(remote.database(address))),
        };
        inner.databases.insert(address.clone(), database.clone());
        Ok(database)
    }

    /// The object store behind `endpoint`: an S3 endpoint's URL, or the name of a provider's region.
    #[must_use]
    pub fn object_store(&self, endpoint: &str) -> ObjectStore {
        let mut inner = lock(&self.inner);
        let Inner { object_stores, place, .. } = &mut *inner;
        let open = || match place {
            Place::Memory => ObjectStore::default(),
            Place::Folder { folder, .. } => ObjectStore::in_folder(folder, endpoint),
            Place::Remote(remote) => ObjectStore::behind(remote, endpoint),
        };
        object_stores.entry(endpoint.to_owned()).or_insert_with(open).clone()
    }

    /// The object store behind `endpoint`, as a program in a pod may use it: those of AWS ask for the pod's identity.
    pub(crate) fn object_store_for(&self, endpoint: &str, context: &ContainerContext) -> ObjectStore {
        let store = self.object_store(endpoint);
        if endpoint.starts_with(AWS) {
            store.used_by(Caller::new(self.account(), context))
        } else {
            store
        }
    }
}

/// Locks even after a panic elsewhere: rows are replaced whole, so they are never half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The file of the database at `address`, below `folder`.
fn database_file(folder: &Path, address: &DatabaseAddress) -> io::Result<PathBuf> {
    let folder = folder.join("databases");
    folder::shared_folder(&folder)?;
    let name = folder::hash(&[&address.host, &address.port.to_string(), &address.dbname]);
    Ok(folder.join(format!("{name}.sqlite")))
}
