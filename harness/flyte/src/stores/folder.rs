//! An object store as a folder of files.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// One object store: a folder of its own, one file for each object.
///
/// Files are named by a hash of bucket and key, since keys are longer than file names may be, and one key may be another's folder.
#[derive(Clone)]
pub(super) struct Folder {
    path: PathBuf,
    written: Arc<AtomicU64>,
}

impl Folder {
    pub(super) fn new(folder: &Path, store: &str) -> Self {
        Self {
            path: folder.join(hash(&[store])),
            written: Arc::default(),
        }
    }

    /// Puts the whole object in place at once: nobody reads half of it.
    pub(super) fn put(&self, bucket: &str, key: &str, content: &[u8]) -> io::Result<()> {
        shared_folder(&self.path)?;
        let name = hash(&[bucket, key]);
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        // Several processes write here, and process ids are the same in several containers; hence the host's name.
        let draft = self.path.join(format!("{name}.{}.{}.{number}", host(), std::process::id()));
        let written = fs::File::create(&draft).and_then(|mut file| file.write_all(content));
        let placed = written.and_then(|()| fs::rename(&draft, self.path.join(name)));
        if placed.is_err() {
            // Of the two faults the first one is told.
            let _ = fs::remove_file(&draft);
        }
        placed
    }

    pub(super) fn get(&self, bucket: &str, key: &str) -> io::Result<Option<Bytes>> {
        match fs::read(self.path.join(hash(&[bucket, key]))) {
            Ok(content) => Ok(Some(content.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Makes a folder in which everybody may work: on a volume, several accounts do.
pub(super) fn shared_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o777))
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

pub(super) fn hash(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::Folder;

    #[test]
    fn objects_are_shared_by_folder_and_apart_by_store() {
        let folder = std::env::temp_dir().join(format!("multiplane-folder-{}", std::process::id()));
        let (one, same) = (Folder::new(&folder, "s3/a"), Folder::new(&folder, "s3/a"));
        one.put("bucket", "a/b", b"1").unwrap();
        one.put("bucket", "a", b"2").unwrap();
        one.put("bucket", "a", b"3").unwrap();
        assert_eq!(same.get("bucket", "a").unwrap().as_deref(), Some(&b"3"[..]));
        assert_eq!(same.get("bucket", "a/b").unwrap().as_deref(), Some(&b"1"[..]));
        assert_eq!(same.get("bucketa", "/b").unwrap(), None);
        assert_eq!(Folder::new(&folder, "s3/b").get("bucket", "a").unwrap(), None);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
