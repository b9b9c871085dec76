//! Folders of a container's files. One is there as soon as there is a file in it, where a volume is mounted, where images have it, or
//! because it was made.

use std::collections::BTreeMap;
use std::io;

use super::Files;
use super::files::normal;

/// What images with a small userland have.
const STANDARD: [&str; 27] = [
    "/",
    "/bin",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/local",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/share",
    "/var",
    "/var/lib",
    "/var/log",
    "/var/run",
    "/var/tmp",
];

/// Something in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A file of this many bytes.
    File(usize),
    Folder,
}

impl Entry {
    pub(crate) fn is_folder(self) -> bool {
        self == Self::Folder
    }
}

impl Files {
    /// Whether there is a folder at `path`.
    pub(crate) fn is_folder(&self, path: &str) -> bool {
        let path = normal(path);
        let path = if path.is_empty() { "/" } else { path.as_str() };
        if STANDARD.contains(&path) || self.place(path).disk.is_some_and(|folder| folder.is_dir()) {
            return true;
        }
        let within = |other: &str| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let mounted = |mount: &super::Mount| mount.path == path || within(&mount.path);
        (self.mounts.iter().any(mounted) && self.read(path).is_err()) || self.all_in_memory().any(|file| within(&file))
    }

    /// What is in the folder at `path`; `None` if there is none.
    pub(crate) fn entries(&self, path: &str) -> Option<BTreeMap<String, Entry>> {
        if !self.is_folder(path) {
            return None;
        }
        let path = format!("{}/", normal(path).trim_end_matches('/'));
        let mut found = BTreeMap::new();
        if let Some(folder) = self.place(&path).disk {
            for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
                let size = entry
                    .metadata()
                    .map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(usize::MAX));
                let kind = if entry.path().is_dir() { Entry::Folder } else { Entry::File(size) };
                found.insert(entry.file_name().to_string_lossy().into_owned(), kind);
            }
        }
        let mounts = self.mounts.iter().map(|mount| format!("{}/", mount.path));
        let standard = STANDARD.iter().map(|folder| format!("{folder}/"));
        for other in mounts.chain(standard).chain(self.all_in_memory()) {
            let Some(rest) = other.strip_prefix(&path).filter(|rest| !rest.is_empty() && *rest != "/") else {
                continue;
            };
            match rest.split_once('/') {
                Some((name, _)) if self.is_folder(&format!("{path}{name}")) => drop(found.insert(name.to_owned(), Entry::Folder)),
                None | Some((_, "")) => {
                    let name = rest.trim_end_matches('/');
                    if let Ok(content) = self.read(&format!("{path}{name}")) {
                        found.insert(name.to_owned(), Entry::File(content.len()));
                    }
                }
                Some(_) => {}
            }
        }
        Some(found)
    }

    /// Makes the folder at `path`.
    ///
    /// # Errors
    /// `AlreadyExists`; `ReadOnlyFilesystem` as for [`Self::write`].
    pub(crate) fn make_folder(&self, path: &str) -> io::Result<()> {
        if self.is_folder(path) || self.read(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let place = self.place(path).writable(path)?;
        match &place.disk {
            Some(folder) => std::fs::create_dir(folder),
            None => {
                place.mark(true);
                Ok(())
            }
        }
    }

    /// Takes the folder at `path` away.
    ///
    /// # Errors
    /// `NotFound`; `DirectoryNotEmpty`; `ReadOnlyFilesystem` as for [`Self::write`]; `ResourceBusy` where a volume is mounted or an image needs it.
    pub(crate) fn remove_folder(&self, path: &str) -> io::Result<()> {
        let entries = self.entries(path).ok_or(io::ErrorKind::NotFound)?;
        if !entries.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let place = self.place(path).writable(path)?;
        match &place.disk {
            Some(folder) => std::fs::remove_dir(folder),
            None if place.mark(false) => Ok(()),
            None => Err(io::ErrorKind::ResourceBusy.into()),
        }
    }

    /// Writes at the end of the file at `path`, which may come into being.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(crate) fn append(&self, path: &str, more: &[u8]) -> io::Result<()> {
        let place = self.place(path).writable(path)?;
        let Some(file) = &place.disk else {
            place.append(more);
            return Ok(());
        };
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file)?;
        io::Write::write_all(&mut file, more)
    }
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use crate::program::Files;

    #[test]
    fn folders_come_with_their_files_or_by_themselves() {
        let files = Files::default();
        assert!(files.is_folder("/tmp") && !files.is_folder("/tmp/a"));
        files.make_folder("/tmp/a").unwrap();
        assert_eq!(files.entries("/tmp").unwrap().get("a"), Some(&Entry::Folder));
        assert!(files.make_folder("/tmp/a").is_err() && files.below("/tmp/").is_empty());
        files.append("/tmp/a/f", b"x").unwrap();
        files.append("/tmp/a/f", b"y").unwrap();
        assert_eq!(files.entries("/tmp/a").unwrap().get("f"), Some(&Entry::File(2)));
        assert!(files.remove_folder("/tmp/a").is_err());
        files.remove("/tmp/a/f").unwrap();
        files.remove_folder("/tmp/a").unwrap();
        assert!(files.entries("/tmp/a").is_none() && files.remove_folder("/tmp").is_err());
    }
}
