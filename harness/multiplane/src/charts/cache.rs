//! What was fetched, kept for later runs: a folder for each repository, with its index and its archives.

use std::io::Write;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

pub(super) struct Cache(PathBuf);

impl Cache {
    /// `$XDG_CACHE_HOME/multiplane/charts`, else `~/.cache/multiplane/charts`.
    pub(super) fn from_env() -> Result<Self, String> {
        Self::choose(|name| std::env::var_os(name).map(PathBuf::from))
            .ok_or_else(|| "no place to keep charts: set XDG_CACHE_HOME or HOME to a folder's absolute path".to_owned())
    }

    fn choose(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<Self> {
        let set = |name| variable(name).filter(|path: &PathBuf| path.is_absolute());
        let base = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
        Some(Self::below(&base))
    }

    /// That of commands which have this folder as `XDG_CACHE_HOME`.
    pub(super) fn below(base: &Path) -> Self {
        Self(base.join("multiplane/charts"))
    }

    /// A chart's archive, if it is kept.
    pub(super) fn archive(&self, repo: &str, name: &str, version: &str) -> Option<(PathBuf, Vec<u8>)> {
        self.read(repo, &file(name, version))
    }

    pub(super) fn read(&self, repo: &str, name: &str) -> Option<(PathBuf, Vec<u8>)> {
        let path = self.folder(repo).join(name);
        std::fs::read(&path).ok().map(|content| (path, content))
    }

    /// Keeps a file; whoever reads at the same time sees the old or the new one.
    pub(super) fn keep(&self, repo: &str, name: &str, content: &[u8]) -> Result<PathBuf, String> {
        let folder = self.folder(repo);
        let path = folder.join(name);
        write(&folder, &path, content).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    fn folder(&self, repo: &str) -> PathBuf {
        self.0.join(&digest(repo.as_bytes())[..16])
    }
}

fn write(folder: &Path, path: &Path, content: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

/// An archive's name, as `helm package` gives it.
pub(super) fn file(name: &str, version: &str) -> String {
    format!("{name}-{version}.tgz")
}

/// SHA-256 in lower-case hexadecimal digits.
pub(super) fn digest(content: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(content))
}
