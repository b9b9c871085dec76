//! An object store: buckets of immutable blobs.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::lock;

/// An object store; clones share its objects.
#[derive(Clone, Default)]
pub struct ObjectStore {
    objects: Arc<Mutex<BTreeMap<(String, String), Bytes>>>,
}

impl ObjectStore {
    /// Stores an object, replacing one of the same key.
    pub fn put(&self, bucket: &str, key: &str, content: Bytes) {
        lock(&self.objects).insert((bucket.to_owned(), key.to_owned()), content);
    }

    /// The object's content, if there is one of that key.
    #[must_use]
    pub fn get(&self, bucket: &str, key: &str) -> Option<Bytes> {
        let key = (bucket.to_owned(), key.to_owned());
        lock(&self.objects).get(&key).cloned()
    }

    pub(crate) fn put_uri(&self, uri: &ObjectUri, content: Bytes) {
        self.put(&uri.bucket, &uri.key, content);
    }

    pub(crate) fn get_uri(&self, uri: &ObjectUri) -> Option<Bytes> {
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
