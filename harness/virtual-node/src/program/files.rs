//! The files a container sees: its volume mounts over a layer of its own.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::{Folder, disk, glob};

/// The files a container sees, by absolute path.
///
/// Mounted ConfigMaps, Secrets and tokens change under a running program, as a kubelet updates them: read a file anew
/// to see its present content. What is written outside a mount is gone with the container's run. In a process of its own
/// a program sees the real file system ([`Files::on_disk`]).
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Longest mount path first.
    pub(super) mounts: Arc<[Mount]>,
    own: Folder,
}

/// A part of a volume at a path of one container.
#[derive(Clone, Debug)]
pub(crate) struct Mount {
    /// Absolute, without a trailing slash.
    pub(crate) path: String,
    pub(crate) folder: Folder,
    /// A file or folder within the volume; empty: all of it.
    pub(crate) sub_path: String,
    pub(crate) read_only: bool,
    /// The folder of the real file system that is mounted, in place of `folder`.
    pub(crate) disk: Option<PathBuf>,
}

impl Files {
    pub(crate) fn new(mut mounts: Vec<Mount>) -> Self {
        mounts.sort_by(|a, b| b.path.len().cmp(&a.path.len()).then_with(|| a.path.cmp(&b.path)));
        Self {
            mounts: mounts.into(),
            own: Folder::default(),
        }
    }

    /// The real file system below `root`, which is `/` in a container.
    #[must_use]
    pub fn on_disk(root: &Path) -> Self {
        Self::new(vec![Mount {
            path: String::new(),
            folder: Folder::default(),
            sub_path: String::new(),
            read_only: false,
            disk: Some(root.to_owned()),
        }])
    }

    /// Where `path` is in the real file system, if it is there.
    #[must_use]
    pub fn real(&self, path: &str) -> Option<PathBuf> {
        self.place(path).disk
    }

    /// Where volumes are mounted: the path, and whether it may be written to. Those below others come first.
    pub fn mounts(&self) -> impl Iterator<Item = (&str, bool)> {
        self.mounts.iter().map(|mount| (mount.path.as_str(), !mount.read_only))
    }

    /// The present content of the file at `path`.
    ///
    /// # Errors
    /// `NotFound` where no file is.
    pub fn read(&self, path: &str) -> io::Result<Bytes> {
        let place = self.place(path);
        if let Some(file) = &place.disk {
            return disk::read(file).map_err(|error| disk::told(path, &error));
        }
        place.folder.snapshot().get(&place.path).cloned().ok_or_else(|| not_found(path))
    }

    /// The present content of the file at `path` as text.
    ///
    /// # Errors
    /// `NotFound` where no file is; `InvalidData` where it is not UTF-8.
    pub fn read_to_string(&self, path: &str) -> io::Result<String> {
        String::from_utf8(self.read(path)?.into())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("{path}: stream did not contain valid UTF-8")))
    }

    /// The files whose absolute path matches `pattern` (`*` and `?` within a segment), sorted.
    #[must_use]
    pub fn list(&self, pattern: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (mount, folder) in self.mounts.iter().filter_map(|mount| Some((mount, mount.disk.as_ref()?))) {
            found.extend(disk::list(&mount.path, &folder.join(&mount.sub_path), pattern));
        }
        found.extend(self.in_memory().filter(|path| glob::matches(pattern, path)));
        self.seen(found)
    }

    /// The absolute paths of all files below a folder of virtual containers, sorted.
    #[must_use]
    pub fn below(&self, folder: &str) -> Vec<String> {
        self.seen(self.in_memory().filter(|path| path.starts_with(folder)).collect())
    }

    /// The files of everything that is no real file system, also those that a deeper mount covers.
    /// Folders that are there of themselves are among them, with a slash at their end.
    pub(super) fn all_in_memory(&self) -> impl Iterator<Item = String> {
        let mounted = self.mounts.iter().filter(|mount| mount.disk.is_none()).flat_map(|mount| {
            let files = mount.folder.snapshot();
            files.keys().filter_map(|file| mount.absolute(file)).collect::<Vec<_>>()
        });
        let own = self.own.snapshot();
        mounted.chain(own.keys().map(|path| format!("/{path}")).collect::<Vec<_>>())
    }

    fn in_memory(&self) -> impl Iterator<Item = String> {
        self.all_in_memory().filter(|path| !path.ends_with('/'))
    }

    /// Those of the files that no deeper mount covers, sorted; `place` decides.
    fn seen(&self, mut found: Vec<String>) -> Vec<String> {
        found.retain(|path| self.read(path).is_ok());
        found.sort();
        found.dedup();
        found
    }

    /// Writes the file at `path`; its folders come into being with it.
    ///
    /// # Errors
    /// `ReadOnlyFilesystem` in ConfigMap, Secret, projected and read-only mounts.
    pub fn write(&self, path: &str, content: impl Into<Bytes>) -> io::Result<()> {
        let place = self.place(path).writable(path)?;
        if let Some(file) = &place.disk {
            return disk::write(file, &content.into()).map_err(|error| disk::told(path, &error));
        }
        place.set(Some(content.into()));
        Ok(())
    }

    /// Removes the file at `path`.
    ///
    /// # Errors
    /// `NotFound` where no file is; `ReadOnlyFilesystem` as for [`Self::write`].
    pub fn remove(&self, path: &str) -> io::Result<()> {
        let place = self.place(path).writable(path)?;
        if let Some(file) = &place.disk {
            return std::fs::remove_file(file).map_err(|error| disk::told(path, &error));
        }
        if place.set(None) { Ok(()) } else { Err(not_found(path)) }
    }

    /// The volume, and the path in it, that `path` leads to.
    pub(super) fn place(&self, path: &str) -> Place<'_> {
        let path = normal(path);
        for mount in self.mounts.iter() {
            if let Some(relative) = mount.relative(&path) {
                return Place {
                    folder: &mount.folder,
                    disk: mount.disk.as_ref().map(|folder| folder.join(&relative)),
                    path: relative,
                    read_only: mount.read_only,
                };
            }
        }
        Place {
            folder: &self.own,
            disk: None,
            path: path.trim_start_matches('/').to_owned(),
            read_only: false,
        }
    }
}

pub(super) struct Place<'a> {
    /// The file or folder in the real file system; else it is `path` in `folder`.
    pub(super) disk: Option<PathBuf>,
    folder: &'a Folder,
    path: String,
    read_only: bool,
}

impl Place<'_> {
    pub(super) fn writable(self, path: &str) -> io::Result<Self> {
        if self.read_only {
            return Err(io::Error::new(
                io::ErrorKind::ReadOnlyFilesystem,
                format!("open {path}: read-only file system"),
            ));
        }
        Ok(self)
    }

    fn set(&self, content: Option<Bytes>) -> bool {
        self.folder.set(&self.path, content)
    }

    pub(super) fn append(&self, more: &[u8]) {
        self.folder.append(&self.path, more);
    }

    /// Makes or takes away a folder that is there of itself; true if it was there before.
    pub(super) fn mark(&self, there: bool) -> bool {
        self.folder.set(&format!("{}/", self.path), there.then(Bytes::new))
    }
}

impl Mount {
    /// Where in the volume an absolute path leads, if this mount holds it.
    fn relative(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(self.path.as_str())?;
        let rest = match rest.strip_prefix('/') {
            Some(rest) => rest,
            None if rest.is_empty() || self.path.is_empty() => rest,
            None => return None,
        };
        Some(
            [self.sub_path.as_str(), rest]
                .iter()
                .filter(|part| !part.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join("/"),
        )
    }

    /// The absolute path of a file of the volume, if the mount shows it.
    fn absolute(&self, file: &str) -> Option<String> {
        if self.sub_path.is_empty() {
            return Some(format!("{}/{file}", self.path));
        }
        match file.strip_prefix(self.sub_path.as_str())? {
            "" => Some(self.path.clone()),
            rest => rest.starts_with('/').then(|| format!("{}{rest}", self.path)),
        }
    }
}

/// An absolute path without empty and `.` segments and with `..` resolved.
pub(super) fn normal(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    format!("/{}", segments.join("/"))
}

fn not_found(path: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("open {path}: no such file or directory"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::ErrorKind;

    use bytes::Bytes;

    use super::{Files, Folder, Mount};

    fn folder(files: &[(&str, &'static str)]) -> Folder {
        Folder::new(files.iter().map(|(path, text)| ((*path).to_owned(), Bytes::from(*text))).collect())
    }

    fn mount(path: &str, folder: &Folder, sub_path: &str, read_only: bool) -> Mount {
        Mount {
            path: path.into(),
            folder: folder.clone(),
            sub_path: sub_path.into(),
            read_only,
            disk: None,
        }
    }

    #[test]
    fn mounts_are_live_and_the_deepest_wins() {
        let (outer, inner) = (
            folder(&[("a.yaml", "outer"), ("in/b.yaml", "hidden")]),
            folder(&[("b.yaml", "inner")]),
        );
        let files = Files::new(vec![mount("/etc", &outer, "", true), mount("/etc/in", &inner, "", true)]);
        assert_eq!(files.read_to_string("/etc/in/b.yaml").unwrap(), "inner");
        assert_eq!(files.list("/etc/*.yaml"), ["/etc/a.yaml"]);
        inner.replace(BTreeMap::from([("c.yaml".into(), Bytes::from("new"))]));
        assert_eq!(files.list("/etc/in/*"), ["/etc/in/c.yaml"]);
        assert_eq!(files.read("/etc/in/b.yaml").unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn sub_paths_show_a_file_or_a_folder() {
        let volume = folder(&[("one", "1"), ("deep/two", "2")]);
        let files = Files::new(vec![
            mount("/etc/one.txt", &volume, "one", true),
            mount("/deep", &volume, "deep", false),
        ]);
        assert_eq!(files.read_to_string("/etc/one.txt").unwrap(), "1");
        assert_eq!(files.list("/*/*"), ["/deep/two", "/etc/one.txt"]);
        files.write("/deep/three", "3").unwrap();
        assert!(volume.snapshot().contains_key("deep/three"));
    }

    #[test]
    fn the_real_file_system_is_seen_through_a_root() {
        let root = std::env::temp_dir().join(format!("multiplane-files-{}", std::process::id()));
        let files = Files::on_disk(&root);
        files.write("/etc/a/one.yaml", "1").unwrap();
        files.write("/etc/a/two.txt", "2").unwrap();
        // As a kubelet lays out a ConfigMap.
        std::os::unix::fs::symlink("one.yaml", root.join("etc/a/..data")).unwrap();
        assert_eq!(files.list("/etc/*/*.yaml"), ["/etc/a/one.yaml"]);
        assert_eq!(files.read_to_string("/etc/../etc/a/two.txt").unwrap(), "2");
        assert_eq!(files.real("/etc/a"), Some(root.join("etc/a")));
        let missing = files.read("/etc/none").unwrap_err();
        assert_eq!(
            (missing.kind(), missing.to_string().as_str()),
            (ErrorKind::NotFound, "open /etc/none: no such file or directory")
        );
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn writes_go_to_their_volume_or_the_own_layer() {
        let (config, scratch) = (folder(&[("k", "v")]), Folder::default());
        let files = Files::new(vec![mount("/config", &config, "", true), mount("/scratch", &scratch, "", false)]);
        assert_eq!(files.write("/config/k", "x").unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
        files.write("/scratch/a/b", "shared").unwrap();
        files.write("/tmp/../var/own", "own").unwrap();
        assert_eq!(files.read_to_string("/var/own").unwrap(), "own");
        assert_eq!(scratch.snapshot().keys().collect::<Vec<_>>(), ["a/b"]);
        files.remove("/scratch/a/b").unwrap();
        assert!(files.remove("/scratch/a/b").is_err());
    }
}
