//! An object store: buckets of immutable blobs.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::caller::{Action, Caller};
use super::folder::Folder;
use super::lock;
use super::remote::Remote;

/// An object store; clones share its objects.
#[derive(Clone, Default)]
pub struct ObjectStore {
    kept: Kept,
    /// Who uses it, where not everybody may.
    caller: Option<Caller>,
}

#[derive(Clone)]
enum Kept {
    Memory(Arc<Mutex<BTreeMap<(String, String), Bytes>>>),
    Files(Folder),
    /// Behind a server, under this name.
    Remote(Remote, Arc<str>),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Memory(Arc::default())
    }
}

impl ObjectStore {
    /// The store of this name, as files below `folder`.
    pub(super) fn in_folder(folder: &Path, name: &str) -> Self {
        Self::keeping(Kept::Files(Folder::new(folder, name)))
    }

    /// The store of this name behind a server.
    pub(super) fn behind(remote: &Remote, name: &str) -> Self {
        Self::keeping(Kept::Remote(remote.clone(), name.into()))
    }

    fn keeping(kept: Kept) -> Self {
        Self { kept, caller: None }
    }

    /// The same store, as far as a program may use it.
    pub(super) fn used_by(self, caller: Caller) -> Self {
        Self {
            caller: Some(caller),
            ..self
        }
    }

    fn check(&self, action: Action, bucket: &str, key: &str) -> io::Result<()> {
        self.caller.as_ref().map_or(Ok(()), |caller| caller.check(action, bucket, key))
    }

    /// Stores an object, replacing one of the same key.
    ///
    /// # Errors
    /// If it is kept elsewhere and cannot be written, or the caller may not. A store in memory does not fail otherwise.
    pub fn put(&self, bucket: &str, key: &str, content: Bytes) -> io::Result<()> {
        self.check(Action::Put, bucket, key)?;
        match &self.kept {
            Kept::Memory(objects) => {
                lock(objects).insert((bucket.to_owned(), key.to_owned()), content);
                Ok(())
            }
            Kept::Files(folder) => folder.put(bucket, key, &content),
            Kept::Remote(remote, name) => remote.put(name, bucket, key, &content),
        }
    }

    /// The object's content, if there is one of that key.
    ///
    /// # Errors
    /// If it is kept elsewhere and cannot be read, or the caller may not. A store in memory does not fail otherwise.
    pub fn get(&self, bucket: &str, key: &str) -> io::Result<Option<Bytes>> {
        self.check(Action::Get, bucket, key)?;
        match &self.kept {
            Kept::Memory(objects) => Ok(lock(objects).get(&(bucket.to_owned(), key.to_owned())).cloned()),
            Kept::Files(folder) => folder.get(bucket, key),
            Kept::Remote(remote, name) => remote.get(name, bucket, key),
        }
    }

    /// The keys in a bucket that begin with `prefix`, in order, with the size of each object in bytes.
    ///
    /// # Errors
    /// `Unsupported` for a store that is not in memory: files are named by hashes.
    pub(super) fn list(&self, bucket: &str, prefix: &str) -> io::Result<Vec<(String, usize)>> {
        let Kept::Memory(objects) = &self.kept else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "only stores in memory can be listed"));
        };
        let objects = lock(objects);
        let first = (bucket.to_owned(), prefix.to_owned());
        let found = objects
            .range(first..)
            .take_while(|((at, key), _)| at == bucket && key.starts_with(prefix));
        Ok(found.map(|((_, key), content)| (key.clone(), content.len())).collect())
    }

    /// Removes an object, if it is there.
    ///
    /// # Errors
    /// `Unsupported` for a store that is not in memory: nothing of Flyte's deletes objects.
    pub(super) fn delete(&self, bucket: &str, key: &str) -> io::Result<()> {
        let Kept::Memory(objects) = &self.kept else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "only stores in memory delete objects"));
        };
        lock(objects).remove(&(bucket.to_owned(), key.to_owned()));
        Ok(())
    }

    pub(crate) fn put_uri(&self, uri: &ObjectUri, content: Bytes) -> io::Result<()> {
        self.put(&uri.bucket, &uri.key, content)
    }

    pub(crate) fn get_uri(&self, uri: &ObjectUri) -> io::Result<Option<Bytes>> {
        self.get(&uri.bucket, &uri.key)
    }
}

/// `scheme://bucket/key`, the form in which Flyte passes references to data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectUri {
    pub(crate) scheme: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
}

/// The text is not `scheme://bucket/key`.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not of the form scheme://bucket/key")]
pub(crate) struct InvalidUri(String);

impl FromStr for ObjectUri {
    type Err = InvalidUri;

    fn from_str(text: &str) -> Result<Self, InvalidUri> {
        let parts = text
            .split_once("://")
            .and_then(|(scheme, rest)| Some((scheme, rest.split_once('/')?)));
        match parts {
            Some((scheme, (bucket, key))) if !scheme.is_empty() && !bucket.is_empty() => Ok(Self {
                scheme: scheme.to_owned(),
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            }),
            _ => Err(InvalidUri(text.to_owned())),
        }
    }
}

impl fmt::Display for ObjectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/{}", self.scheme, self.bucket, self.key)
    }
}
