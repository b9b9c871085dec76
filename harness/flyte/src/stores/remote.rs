//! Stores behind a server, for programs in real containers.
//!
//! Calls wait for the network as calls of a database driver do, and hold the thread meanwhile: never under a paused clock.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::backing::{Backing, Changes, StoredRow};
use super::protocol::{Answer, AskFacts, Commit, Facts, Get, LONGEST, Put, Request, Rows};
use super::{DatabaseAddress, DatabaseError};

const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take: others may hold the database.
const ANSWER: Duration = Duration::from_secs(30);

/// Where the server is.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    address: Arc<str>,
}

impl Remote {
    pub(super) fn new(address: &str) -> Self {
        Self { address: address.into() }
    }

    /// Asks for what this process is to know.
    pub(super) fn facts(&self) -> io::Result<Facts> {
        let answer = self.ask(&Request {
            facts: Some(AskFacts {}),
            ..Request::default()
        })?;
        answer
            .facts
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer holds no facts"))
    }

    pub(super) fn get(&self, store: &str, bucket: &str, key: &str) -> io::Result<Option<Bytes>> {
        let answer = self.ask(&Request {
            get: Some(at(store, bucket, key)),
            ..Request::default()
        })?;
        Ok(answer.content.map(Bytes::from))
    }

    pub(super) fn put(&self, store: &str, bucket: &str, key: &str, content: &[u8]) -> io::Result<()> {
        let put = Put {
            at: Some(at(store, bucket, key)),
            content: content.to_vec(),
        };
        self.ask(&Request {
            put: Some(put),
            ..Request::default()
        })?;
        Ok(())
    }

    fn ask(&self, request: &Request) -> io::Result<Answer> {
        blocking(|| exchange(&mut self.connect()?, request))
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.address));
        let mut last = io::Error::new(io::ErrorKind::NotFound, format!("lookup {}: no such host", self.address));
        for address in self.address.to_socket_addrs().map_err(named)? {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(ANSWER))?;
                    stream.set_write_timeout(Some(ANSWER))?;
                    return Ok(stream);
                }
                Err(error) => last = named(error),
            }
        }
        Err(last)
    }

    /// The database at `address`.
    pub(super) fn database(&self, address: &DatabaseAddress) -> RemoteDatabase {
        RemoteDatabase {
            remote: self.clone(),
            address: address.clone(),
            begun: None,
        }
    }
}

fn at(store: &str, bucket: &str, key: &str) -> Get {
    Get {
        store: store.to_owned(),
        bucket: bucket.to_owned(),
        key: key.to_owned(),
    }
}

/// One database of the server.
pub(super) struct RemoteDatabase {
    remote: Remote,
    address: DatabaseAddress,
    /// The connection that holds the database.
    begun: Option<TcpStream>,
}

impl RemoteDatabase {
    fn rows(&self, since: u64, begin: bool) -> Result<(TcpStream, Changes), DatabaseError> {
        let rows = Rows {
            host: self.address.host.clone(),
            port: u32::from(self.address.port),
            dbname: self.address.dbname.clone(),
            since,
            begin,
        };
        let request = Request {
            rows: Some(rows),
            ..Request::default()
        };
        let ask = || {
            let mut stream = self.remote.connect()?;
            let answer = exchange(&mut stream, &request)?;
            let changes = Changes {
                rows: answer.rows,
                version: answer.version,
            };
            Ok((stream, changes))
        };
        blocking(ask).map_err(unavailable)
    }
}

impl Backing for RemoteDatabase {
    fn changes(&mut self, version: u64) -> Result<Changes, DatabaseError> {
        Ok(self.rows(version, false)?.1)
    }

    fn begin(&mut self, version: u64) -> Result<Changes, DatabaseError> {
        let (stream, changes) = self.rows(version, true)?;
        self.begun = Some(stream);
        Ok(changes)
    }

    fn commit(&mut self, rows: Vec<StoredRow>) -> Result<u64, DatabaseError> {
        let mut stream = self
            .begun
            .take()
            .ok_or_else(|| DatabaseError::Unavailable("no transaction".to_owned()))?;
        let request = Request {
            commit: Some(Commit { rows }),
            ..Request::default()
        };
        let answer = blocking(|| exchange(&mut stream, &request)).map_err(unavailable)?;
        Ok(answer.version)
    }

    fn abandon(&mut self) {
        self.begun = None;
    }
}

fn unavailable(error: io::Error) -> DatabaseError {
    DatabaseError::Unavailable(error.to_string())
}

fn exchange(stream: &mut TcpStream, request: &Request) -> io::Result<Answer> {
    let bytes = request.encode_to_vec();
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), bytes.as_slice()].concat())?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is too long"));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    let answer = Answer::decode(bytes.as_slice()).map_err(io::Error::other)?;
    if answer.error.is_empty() {
        Ok(answer)
    } else {
        Err(io::Error::other(answer.error))
    }
}

/// Waits without keeping the runtime's other tasks from running, where it has more than one thread.
fn blocking<R>(call: impl FnOnce() -> R) -> R {
    match Handle::try_current() {
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => tokio::task::block_in_place(call),
        _ => call(),
    }
}
