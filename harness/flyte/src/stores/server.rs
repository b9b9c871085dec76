//! Serving the stores of a folder to programs in real containers.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prost::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::backing::{Backing, Changes};
use super::protocol::{Answer, Facts, LONGEST, Request, Rows};
use super::sqlite::Sqlite;
use super::{DatabaseAddress, ObjectStore, Stores, database_file};

/// The stores of a folder, for clients that [`Stores::remote`] makes. Clones serve the same.
///
/// Objects are files and databases are SQLite's; several servers may serve one folder on one machine.
#[derive(Clone)]
pub struct StoreServer(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    facts: Facts,
    /// One writer a database at a time; those who wait hold no thread.
    writers: std::sync::Mutex<BTreeMap<DatabaseAddress, Arc<Mutex<()>>>>,
}

/// What one connection has begun.
struct Transaction {
    database: Sqlite,
    _turn: OwnedMutexGuard<()>,
}

impl StoreServer {
    /// Serves `folder`, and tells clients `facts`.
    #[must_use]
    pub fn new(folder: &Path, facts: Facts) -> Self {
        Self(Arc::new(Inner {
            folder: folder.to_owned(),
            facts,
            writers: std::sync::Mutex::default(),
        }))
    }

    /// Answers on one connection until it ends.
    ///
    /// # Errors
    /// If the connection breaks off, or what comes is no request.
    pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> io::Result<()> {
        let mut transaction = None;
        loop {
            let length = match stream.read_u32().await {
                Ok(length) => length as usize,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            };
            if length > LONGEST {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the request is too long"));
            }
            let mut bytes = vec![0; length];
            stream.read_exact(&mut bytes).await?;
            let request = Request::decode(bytes.as_slice()).map_err(io::Error::other)?;
            let answer = self.answer(request, &mut transaction).await.unwrap_or_else(|error| Answer {
                error,
                ..Answer::default()
            });
            let bytes = answer.encode_to_vec();
            stream.write_u32(u32::try_from(bytes.len()).map_err(io::Error::other)?).await?;
            stream.write_all(&bytes).await?;
            stream.flush().await?;
        }
    }

    async fn answer(&self, request: Request, transaction: &mut Option<Transaction>) -> Result<Answer, String> {
        if request.facts.is_some() {
            return Ok(Answer {
                facts: Some(self.0.facts.clone()),
                ..Answer::default()
            });
        }
        if let Some(get) = request.get {
            let found = self.store(&get.store).get(&get.bucket, &get.key);
            return Ok(Answer {
                content: found.map_err(text)?.map(|content| content.to_vec()),
                ..Answer::default()
            });
        }
        if let Some(put) = request.put {
            let at = put.at.unwrap_or_default();
            self.store(&at.store).put(&at.bucket, &at.key, put.content.into()).map_err(text)?;
            return Ok(Answer::default());
        }
        if let Some(rows) = request.rows {
            return self.rows(rows, transaction).await;
        }
        if let Some(commit) = request.commit {
            let mut transaction = transaction.take().ok_or("nothing has begun")?;
            let version = transaction.database.commit(commit.rows).map_err(text)?;
            return Ok(Answer {
                version,
                ..Answer::default()
            });
        }
        Err("unknown request".to_owned())
    }

    async fn rows(&self, rows: Rows, transaction: &mut Option<Transaction>) -> Result<Answer, String> {
        let address = DatabaseAddress {
            host: rows.host,
            port: u16::try_from(rows.port).map_err(text)?,
            dbname: rows.dbname,
        };
        let open = || Sqlite::open(&database_file(&self.0.folder, &address).map_err(text)?).map_err(text);
        let Changes { rows, version } = if rows.begin {
            let turn = self.turn(&address).lock_owned().await;
            let mut database = open()?;
            let changes = database.begin(rows.since).map_err(text)?;
            *transaction = Some(Transaction { database, _turn: turn });
            changes
        } else {
            open()?.changes(rows.since).map_err(text)?
        };
        Ok(Answer {
            rows,
            version,
            ..Answer::default()
        })
    }

    fn turn(&self, address: &DatabaseAddress) -> Arc<Mutex<()>> {
        super::lock(&self.0.writers).entry(address.clone()).or_default().clone()
    }

    fn store(&self, name: &str) -> ObjectStore {
        Stores::in_folder(&self.0.folder).object_store(name)
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
