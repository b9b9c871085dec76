//! A database as a file of SQLite.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::DatabaseError;
use super::backing::{Backing, Changes, StoredRow};

/// How long another process may hold the database.
const PATIENCE: Duration = Duration::from_secs(20);

/// Rows by table and key, each with the version that it was last written in.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS rows (
    name TEXT NOT NULL,
    key BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    value BLOB,
    version INTEGER NOT NULL,
    PRIMARY KEY (name, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rows_by_version ON rows (version);";

/// One connection to the file.
pub(crate) struct Sqlite {
    connection: Connection,
    /// Within [`Backing::begin`], the version that it found.
    begun: Option<u64>,
}

impl Sqlite {
    /// Opens the file, and makes it if there is none.
    pub(crate) fn open(file: &Path) -> Result<Self, DatabaseError> {
        let open = || {
            let connection = Connection::open(file)?;
            connection.busy_timeout(PATIENCE)?;
            // What must survive is the end of a process, for which the operating system's cache is enough.
            connection.pragma_update(None, "synchronous", "OFF")?;
            connection.execute_batch(SCHEMA)?;
            Ok(connection)
        };
        let opened: rusqlite::Result<Connection> = open();
        let connection = opened.map_err(|error| DatabaseError::Unavailable(format!("{}: {error}", file.display())))?;
        Ok(Self { connection, begun: None })
    }

    fn read(&self, since: u64) -> rusqlite::Result<Changes> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT name, key, sequence, value, version FROM rows WHERE version > ?1")?;
        let mut changes = Changes {
            rows: Vec::new(),
            version: since,
        };
        let mut rows = statement.query(params![number(since)])?;
        while let Some(row) = rows.next()? {
            changes.version = changes.version.max(row.get::<_, i64>(4)?.unsigned_abs());
            changes.rows.push(StoredRow {
                table: row.get(0)?,
                key: row.get(1)?,
                sequence: row.get::<_, i64>(2)?.unsigned_abs(),
                value: row.get(3)?,
            });
        }
        Ok(changes)
    }

    fn newest(&self) -> rusqlite::Result<u64> {
        let newest: Option<i64> = self
            .connection
            .query_row("SELECT version FROM rows ORDER BY version DESC LIMIT 1", [], |row| row.get(0))
            .optional()?;
        Ok(newest.unwrap_or(0).unsigned_abs())
    }

    fn write(&self, rows: &[StoredRow], version: u64) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT OR REPLACE INTO rows (name, key, sequence, value, version) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for row in rows {
            statement.execute(params![row.table, row.key, number(row.sequence), row.value, number(version)])?;
        }
        self.connection.execute_batch("COMMIT")
    }
}

impl Backing for Sqlite {
    fn changes(&mut self, version: u64) -> Result<Changes, DatabaseError> {
        self.read(version).map_err(unavailable)
    }

    fn begin(&mut self, version: u64) -> Result<Changes, DatabaseError> {
        self.connection.execute_batch("BEGIN IMMEDIATE").map_err(unavailable)?;
        let found = self.read(version).and_then(|changes| Ok((changes, self.newest()?)));
        match found {
            Ok((changes, newest)) => {
                self.begun = Some(newest);
                Ok(changes)
            }
            Err(error) => {
                self.abandon();
                Err(unavailable(error))
            }
        }
    }

    fn commit(&mut self, rows: Vec<StoredRow>) -> Result<u64, DatabaseError> {
        let version = self.begun.ok_or_else(|| DatabaseError::Unavailable("no transaction".to_owned()))? + 1;
        match self.write(&rows, version) {
            Ok(()) => {
                self.begun = None;
                Ok(version)
            }
            Err(error) => {
                self.abandon();
                Err(unavailable(error))
            }
        }
    }

    fn abandon(&mut self) {
        self.begun = None;
        // Without a transaction there is nothing to roll back.
        let _ = self.connection.execute_batch("ROLLBACK");
    }
}

fn unavailable(error: rusqlite::Error) -> DatabaseError {
    DatabaseError::Unavailable(error.to_string())
}

/// SQLite's integers are signed; versions and ages do not get that far.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
