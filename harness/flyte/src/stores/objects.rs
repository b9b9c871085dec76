//! An object store: buckets of immutable blobs.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::folder::Folder;
use super::lock;
use super::remote::Remote;

/// An object store; clones share its objects.
#[derive(Clone)]
pub struct ObjectStore(Kept);

#[derive(Clone)]
enum Kept {
    Memory(Arc<Mutex<BTreeMap<(String, String), Bytes>>>),
    Files(Folder),
    /// Behind a server, under this name.
    Remote(Remote, Arc<str>),
}

impl Default for ObjectStore {
    fn default() -> Self {
        Self(Kept::Memory(Arc::default()))
    }
}

impl ObjectStore {
    /// The store of this name, as files below `folder`.
    pub(super) fn in_folder(folder: &Path, name: &str) -> Self {
        Self(Kept::Files(Folder::new(folder, name)))
    }

    /// The store of this name behind a server.
    pub(super) fn behind(remote: &Remote, name: &str) -> Self {
        Self(Kept::Remote(remote.clone(), name.into()))
    }

    /// Stores an object, replacing one of the same key.
    ///
    /// # Errors
    /// If it is kept elsewhere and cannot be written. A store in memory does not fail.
    pub fn put(&self, bucket: &str, key: &str, content: Bytes) -> io::Result<()> {
        match &self.0 {
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
    /// If it is kept elsewhere and cannot be read. A store in memory does not fail.
    pub fn get(&self, bucket: &str, key: &str) -> io::Result<Option<Bytes>> {
        match &self.0 {
            Kept::Memory(objects) => Ok(lock(objects).get(&(bucket.to_owned(), key.to_owned())).cloned()),
            Kept::Files(folder) => folder.get(bucket, key),
            Kept::Remote(remote, name) => remote.get(name, bucket, key),
        }
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
