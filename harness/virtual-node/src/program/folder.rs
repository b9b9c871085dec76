//! A volume's files.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::{Bytes, BytesMut};

/// A volume's files by relative path; a path that ends with a slash is a folder that is there of itself. Clones share their content.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folder {
    files: Arc<RwLock<Arc<BTreeMap<String, Bytes>>>>,
}

impl Folder {
    /// A folder that starts with these files.
    pub(crate) fn new(files: BTreeMap<String, Bytes>) -> Self {
        let folder = Self::default();
        folder.replace(files);
        folder
    }

    /// All files at one moment.
    pub(crate) fn snapshot(&self) -> Arc<BTreeMap<String, Bytes>> {
        self.files.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Exchanges all files at once, as a kubelet does for ConfigMaps and Secrets.
    pub(crate) fn replace(&self, files: BTreeMap<String, Bytes>) {
        *self.files.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(files);
    }

    /// Writes, replaces or (`None`) removes one file; true if it was there before.
    pub(super) fn set(&self, path: &str, content: Option<Bytes>) -> bool {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let files = Arc::make_mut(&mut files);
        match content {
            Some(content) => files.insert(path.to_owned(), content),
            None => files.remove(path),
        }
        .is_some()
    }

    /// Writes at the end of a file, which may come into being.
    pub(super) fn append(&self, path: &str, more: &[u8]) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let content = Arc::make_mut(&mut files).entry(path.to_owned()).or_default();
        let mut grown = std::mem::take(content)
            .try_into_mut()
            .unwrap_or_else(|shared| BytesMut::from(&*shared));
        grown.extend_from_slice(more);
        *content = grown.freeze();
    }
}
