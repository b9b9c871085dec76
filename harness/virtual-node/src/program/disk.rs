//! Files of the real file system.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::glob;

pub(super) fn read(file: &Path) -> io::Result<Bytes> {
    fs::read(file).map(Bytes::from)
}

pub(super) fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    file.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(file, content)
}

/// Files below `folder`, which is seen at `mount`, whose path as it is seen matches `pattern`.
pub(super) fn list(mount: &str, folder: &Path, pattern: &str) -> Vec<String> {
    let mut patterns = pattern.trim_start_matches('/').split('/').peekable();
    for segment in mount.split('/').filter(|segment| !segment.is_empty()) {
        if !patterns.next().is_some_and(|pattern| glob::matches(pattern, segment)) {
            return Vec::new();
        }
    }
    let mut found = vec![(mount.to_owned(), folder.to_owned())];
    while let Some(pattern) = patterns.next() {
        let last = patterns.peek().is_none();
        let below = found.iter().flat_map(|(seen, folder)| step(seen, folder, pattern));
        found = below
            .filter(|(_, path)| if last { path.is_file() } else { path.is_dir() })
            .collect();
    }
    found.into_iter().map(|(seen, _)| seen).collect()
}

/// The entries of a folder that match one segment of a pattern. A folder that cannot be read has none.
fn step(seen: &str, folder: &Path, pattern: &str) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let named = entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    named
        .filter(|(name, _)| glob::matches(pattern, name))
        .map(|(name, path)| (format!("{seen}/{name}"), path))
        .collect()
}

/// An error in the words of the programs that these stand for.
pub(super) fn told(path: &str, error: &io::Error) -> io::Error {
    let what = match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "read-only file system".to_owned(),
        _ => error.to_string(),
    };
    io::Error::new(error.kind(), format!("open {path}: {what}"))
}
