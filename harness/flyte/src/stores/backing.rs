//! What keeps a database's rows outside of this process.

use super::DatabaseError;

/// One row, or that it is gone.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct StoredRow {
    /// The table's name.
    #[prost(string, tag = "1")]
    pub(crate) table: String,
    /// The primary key.
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) key: Vec<u8>,
    /// The row's age: its number in the order of insertions.
    #[prost(uint64, tag = "3")]
    pub(crate) sequence: u64,
    /// Its content; none if the row was deleted.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub(crate) value: Option<Vec<u8>>,
}

/// What changed since a version.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) rows: Vec<StoredRow>,
    /// The version that these lead to.
    pub(crate) version: u64,
}

/// Keeps rows; several processes share them, each with a copy of its own that it brings up to date by versions.
pub(crate) trait Backing: Send {
    /// What changed since `version`; 0 asks for everything.
    fn changes(&mut self, version: u64) -> Result<Changes, DatabaseError>;

    /// As [`Self::changes`], and from now on nobody else writes, until [`Self::commit`] or [`Self::abandon`].
    fn begin(&mut self, version: u64) -> Result<Changes, DatabaseError>;

    /// Writes rows and ends what [`Self::begin`] began; returns the new version.
    fn commit(&mut self, rows: Vec<StoredRow>) -> Result<u64, DatabaseError>;

    /// Ends what [`Self::begin`] began without a change.
    fn abandon(&mut self);
}
