//! The files of a cluster's machine.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::NodeError;

pub(super) fn read(file: &Path) -> Result<String, NodeError> {
    fs::read_to_string(file).map_err(|error| NodeError::Read(file.to_owned(), error))
}

/// Writes a file that nobody else may read, whole or not at all: kubeconfigs are keys, and others wait for them.
pub(super) fn write_private(file: &Path, text: &str) -> Result<(), NodeError> {
    let write = || {
        file.parent().map_or(Ok(()), fs::create_dir_all)?;
        let draft = file.with_extension("draft");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&draft)?.write_all(text.as_bytes())?;
        fs::rename(&draft, file)
    };
    write().map_err(|error| NodeError::Write(file.to_owned(), error))
}

/// Takes a file away, if it is there.
pub(super) fn remove(file: &Path) -> Result<(), NodeError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(NodeError::Write(file.to_owned(), error)),
        _ => Ok(()),
    }
}
