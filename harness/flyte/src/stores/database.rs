//! A database: flyteadmin's tables, reachable by address.

use std::sync::{Arc, Mutex};

use super::backing::Backing;
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
    /// The database cannot be reached, or what keeps it failed.
    #[error("the database is not available: {0}")]
    Unavailable(String),
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
    /// What keeps the rows, if not this process's memory; the tables are a copy then, of this version.
    backing: Option<Box<dyn Backing>>,
    version: u64,
}

impl State {
    /// Forgets the copy.
    fn forget(&mut self) {
        self.tables = Tables::tracked();
        self.version = 0;
    }

    /// Brings the copy up to date; for a writer also keeps others from writing.
    fn refresh(&mut self, begin: bool) -> Result<(), DatabaseError> {
        let Some(backing) = &mut self.backing else { return Ok(()) };
        let changes = if begin {
            backing.begin(self.version)?
        } else {
            backing.changes(self.version)?
        };
        self.version = changes.version;
        changes.rows.into_iter().try_for_each(|row| self.tables.apply(&row))
    }

    /// Writes down what a transaction changed.
    fn commit(&mut self) -> Result<(), DatabaseError> {
        let Some(backing) = &mut self.backing else { return Ok(()) };
        let rows = self.tables.take_changes();
        if rows.is_empty() {
            backing.abandon();
            return Ok(());
        }
        match backing.commit(rows) {
            Ok(version) => {
                self.version = version;
                Ok(())
            }
            Err(error) => {
                self.forget();
                Err(error)
            }
        }
    }
}

impl Database {
    /// A database whose rows `backing` keeps.
    pub(super) fn over(backing: Box<dyn Backing>) -> Self {
        let state = State {
            tables: Tables::tracked(),
            backing: Some(backing),
            ..State::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Makes the server refuse writes, as a PostgreSQL standby does, or accept them again.
    pub fn set_read_only(&self, read_only: bool) {
        lock(&self.state).read_only = read_only;
    }

    /// Runs a query.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`] where the rows are kept elsewhere and cannot be had.
    pub(crate) fn read<R>(&self, query: impl FnOnce(&Tables) -> R) -> Result<R, DatabaseError> {
        let mut state = lock(&self.state);
        state.refresh(false)?;
        Ok(query(&state.tables))
    }

    /// Runs one transaction. It must check before it changes anything: there is no rollback.
    pub(crate) fn write<R, E: From<DatabaseError>>(&self, transaction: impl FnOnce(&mut Tables) -> Result<R, E>) -> Result<R, E> {
        let mut state = lock(&self.state);
        if state.read_only {
            return Err(DatabaseError::ReadOnly.into());
        }
        state.refresh(true)?;
        let result = transaction(&mut state.tables);
        state.commit()?;
        result
    }
}
