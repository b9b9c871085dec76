//! A database: flyteadmin's tables, reachable by address.

use std::sync::{Arc, Mutex};

use super::lock;
use super::rows::Tables;

/// Where a database is: the keys of Flyte's `database` section.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DatabaseAddress {
    /// Host name of the server.
    pub host: String,
    /// Port of the server.
    pub port: u16,
    /// Name of the database on the server.
    pub dbname: String,
}

/// Why the database refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// A row of that key is there already.
    #[error("duplicate key value violates unique constraint of table {0:?}")]
    UniqueViolation(&'static str),
    /// The server takes no writes, as a standby after a failover.
    #[error("cannot execute a write in a read-only transaction")]
    ReadOnly,
}

/// A database; clones are connections to the same one.
#[derive(Clone, Default)]
pub struct Database {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    tables: Tables,
    read_only: bool,
}

impl Database {
    /// Makes the server refuse writes, as a PostgreSQL standby does, or accept them again.
    pub fn set_read_only(&self, read_only: bool) {
        lock(&self.state).read_only = read_only;
    }

    pub(crate) fn read<R>(&self, query: impl FnOnce(&Tables) -> R) -> R {
        query(&lock(&self.state).tables)
    }

    /// Runs one transaction. It must check before it changes anything: there is no rollback.
    pub(crate) fn write<R, E: From<DatabaseError>>(&self, transaction: impl FnOnce(&mut Tables) -> Result<R, E>) -> Result<R, E> {
        let mut state = lock(&self.state);
        if state.read_only {
            return Err(DatabaseError::ReadOnly.into());
        }
        transaction(&mut state.tables)
    }
}
