//! Taking secrets out of files that other programs wrote.

use std::borrow::Cow;
use std::path::Path;
use std::{fs, io};

use super::Redactor;

/// Takes secrets out of all files below a folder. Links are left alone: they may lead anywhere.
pub(super) fn clean(folder: &Path, redactor: &Redactor) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            clean(&path, redactor)?;
        } else if kind.is_file() {
            let bytes = fs::read(&path)?;
            // A file without a secret stays as it is, byte by byte.
            if let Cow::Owned(text) = redactor.redact(&String::from_utf8_lossy(&bytes)) {
                fs::write(&path, text)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lose_secrets_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (deep, binary) = (folder.path().join("node/pods/a.log"), folder.path().join("b"));
        fs::create_dir_all(deep.parent().unwrap()).unwrap();
        fs::write(&deep, b"took \xff token-of-a-cluster, and went on").unwrap();
        fs::write(&binary, b"\xfe\x00other").unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        fs::write(outside.path(), "token-of-a-cluster").unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
        let mut redactor = Redactor::default();
        redactor.add("a flyte/t", "token", b"token-of-a-cluster");
        clean(folder.path(), &redactor).unwrap();
        assert_eq!(
            fs::read_to_string(&deep).unwrap(),
            "took \u{fffd} <secret: a flyte/t:token>, and went on"
        );
        assert_eq!(fs::read(&binary).unwrap(), b"\xfe\x00other");
        assert_eq!(fs::read_to_string(outside.path()).unwrap(), "token-of-a-cluster");
    }
}
