//! The durable state of a world: what a real deployment keeps in PostgreSQL and in a blob store.
//!
//! Programs keep nothing else, so a restarted pod and a second replica see the same rows and objects.

mod database;
mod folder;
mod objects;
mod rows;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use database::{Database, DatabaseAddress, DatabaseError};
pub use objects::ObjectStore;
pub(crate) use objects::ObjectUri;
pub(crate) use rows::{AttributeKey, EntityKey, ExecutionKey, ExecutionRow, NodeKey, NodeRow, Tables, TaskKey, TaskRow};
pub(crate) use table::Table;

/// Every database and object store of a world. Clones share the same state.
#[derive(Clone, Default)]
pub struct Stores {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    databases: BTreeMap<DatabaseAddress, Database>,
    object_stores: BTreeMap<String, ObjectStore>,
    /// Where object stores keep their objects, if not in memory.
    folder: Option<PathBuf>,
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
        let inner = Inner {
            folder: Some(folder.to_owned()),
            ..Inner::default()
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// The database at `address`.
    #[must_use]
    pub fn database(&self, address: &DatabaseAddress) -> Database {
        let mut inner = lock(&self.inner);
        inner.databases.entry(address.clone()).or_default().clone()
    }

    /// The object store behind `endpoint`: an S3 endpoint's URL, or the name of a provider's region.
    #[must_use]
    pub fn object_store(&self, endpoint: &str) -> ObjectStore {
        let mut inner = lock(&self.inner);
        let Inner { object_stores, folder, .. } = &mut *inner;
        let open = || {
            folder
                .as_deref()
                .map_or_else(ObjectStore::default, |folder| ObjectStore::in_folder(folder, endpoint))
        };
        object_stores.entry(endpoint.to_owned()).or_insert_with(open).clone()
    }
}

/// Locks even after a panic elsewhere: rows are replaced whole, so they are never half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
