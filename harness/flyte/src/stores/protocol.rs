//! What a store's server and its clients say to each other: messages with their length before them, one answer to each request.

use prost::Message;

use super::backing::StoredRow;

/// Longest message, in bytes. Objects are small here: literals and closures.
pub(super) const LONGEST: usize = 256 << 20;

/// A request. One field is set.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Request {
    /// What a program is to know of its surroundings.
    #[prost(message, optional, tag = "1")]
    pub(super) facts: Option<AskFacts>,
    #[prost(message, optional, tag = "2")]
    pub(super) get: Option<Get>,
    #[prost(message, optional, tag = "3")]
    pub(super) put: Option<Put>,
    /// Rows of a database.
    #[prost(message, optional, tag = "4")]
    pub(super) rows: Option<Rows>,
    /// Ends what a request for rows with `begin` began, on the same connection. A connection that ends before leaves no change.
    #[prost(message, optional, tag = "5")]
    pub(super) commit: Option<Commit>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct AskFacts {}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Get {
    #[prost(string, tag = "1")]
    pub(super) store: String,
    #[prost(string, tag = "2")]
    pub(super) bucket: String,
    #[prost(string, tag = "3")]
    pub(super) key: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Put {
    #[prost(message, optional, tag = "1")]
    pub(super) at: Option<Get>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) content: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Rows {
    #[prost(string, tag = "1")]
    pub(super) host: String,
    #[prost(uint32, tag = "2")]
    pub(super) port: u32,
    #[prost(string, tag = "3")]
    pub(super) dbname: String,
    /// The version that the client has.
    #[prost(uint64, tag = "4")]
    pub(super) since: u64,
    /// Whether nobody else may write from now on.
    #[prost(bool, tag = "5")]
    pub(super) begin: bool,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct Commit {
    #[prost(message, repeated, tag = "1")]
    pub(super) rows: Vec<StoredRow>,
}

/// An answer.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Answer {
    /// Why the request failed; empty if it did not.
    #[prost(string, tag = "1")]
    pub(super) error: String,
    #[prost(message, optional, tag = "2")]
    pub(super) facts: Option<Facts>,
    /// An object's content, if there is one.
    #[prost(bytes = "vec", optional, tag = "3")]
    pub(super) content: Option<Vec<u8>>,
    #[prost(message, repeated, tag = "4")]
    pub(super) rows: Vec<StoredRow>,
    #[prost(uint64, tag = "5")]
    pub(super) version: u64,
}

/// What a program is to know of its surroundings when it runs in a real container.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Facts {
    /// The cluster: a store with an address of the cluster's own is another one in each.
    #[prost(string, tag = "1")]
    pub zone: String,
    /// Authorities that the program's system trusts, PEM.
    #[prost(string, tag = "2")]
    pub trust: String,
}
