//! What a process sees in the place of `/`: this computer's files, with mounts between them.
//!
//! A mount's path need not be there. Every folder above one is made anew, with all that the computer has in it; everything else is the computer's own.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// One line of the way to the new root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A folder that is made.
    Folder(PathBuf),
    /// A symbolic link, and what it says.
    Link(PathBuf, PathBuf),
    /// A file or folder that is mounted, and from where.
    Bind(PathBuf, PathBuf),
}

/// The entries of a new root, in the order in which they are made. `mounts` are sources by path.
pub(super) fn layout(mounts: &BTreeMap<PathBuf, PathBuf>) -> io::Result<Vec<Entry>> {
    let mounts: BTreeMap<PathBuf, &PathBuf> = mounts.iter().map(|(path, from)| (resolved(path), from)).collect();
    let mut made = BTreeSet::new();
    for mount in mounts.keys() {
        made.extend(mount.ancestors().skip(1).map(Path::to_owned));
    }
    let mut entries = Vec::new();
    // Folders come before what is in them.
    for folder in &made {
        // What is below a mount is there with it.
        if folder.ancestors().any(|above| mounts.contains_key(above)) {
            continue;
        }
        entries.push(Entry::Folder(folder.clone()));
        let Ok(own) = folder.read_dir() else { continue };
        for entry in own {
            let path = entry?.path();
            if made.contains(&path) || mounts.contains_key(&path) {
                continue;
            }
            entries.push(match path.read_link() {
                Ok(target) => Entry::Link(path, target),
                Err(_) => Entry::Bind(path.clone(), path),
            });
        }
    }
    entries.extend(mounts.into_iter().map(|(path, from)| Entry::Bind(path, from.clone())));
    Ok(entries)
}

/// A path with the links of what is there followed: `/var/run/x` is `/run/x` on most computers.
fn resolved(path: &Path) -> PathBuf {
    for there in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (there.canonicalize(), path.strip_prefix(there)) {
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Entry, layout};

    /// A folder of the process's own, and a folder of the computer's within it.
    #[test]
    fn mounts_within_mounts() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().canonicalize().unwrap().join(path);
        std::fs::create_dir_all(at("tmp/deep/venv")).unwrap();
        std::fs::write(at("tmp/deep/other"), "").unwrap();
        let mounts = BTreeMap::from([(at("tmp"), "/stage/tmp".into()), (at("tmp/deep/venv"), at("tmp/deep/venv"))]);
        let entries = layout(&mounts).unwrap();
        let (own, within) = (
            Entry::Bind(at("tmp"), "/stage/tmp".into()),
            Entry::Bind(at("tmp/deep/venv"), at("tmp/deep/venv")),
        );
        assert_eq!(entries[entries.len() - 2..], [own, within]);
        for hidden in [
            Entry::Folder(at("tmp/deep")),
            Entry::Bind(at("tmp/deep/other"), at("tmp/deep/other")),
        ] {
            assert!(!entries.contains(&hidden), "{hidden:?}");
        }
    }

    #[test]
    fn mounts_lie_between_what_the_computer_has() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().canonicalize().unwrap().join(path);
        std::fs::create_dir_all(at("etc/ssl")).unwrap();
        std::fs::create_dir_all(at("run")).unwrap();
        std::fs::write(at("etc/hosts"), "").unwrap();
        std::os::unix::fs::symlink(at("run"), at("var-run")).unwrap();
        let mounts = BTreeMap::from([
            (at("etc/flyte/config"), "/stage/0".into()),
            (at("var-run/secrets"), "/stage/1".into()),
        ]);
        let entries = layout(&mounts).unwrap();
        let below: Vec<Entry> = entries
            .into_iter()
            .filter(|entry| match entry {
                Entry::Folder(path) | Entry::Link(path, _) | Entry::Bind(path, _) => path.starts_with(at("")) && *path != at(""),
            })
            .collect();
        let place = |entry: &Entry| below.iter().position(|other| other == entry);
        for entry in [
            Entry::Bind(at("etc/hosts"), at("etc/hosts")),
            Entry::Bind(at("etc/ssl"), at("etc/ssl")),
            Entry::Bind(at("etc/flyte/config"), "/stage/0".into()),
            Entry::Bind(at("run/secrets"), "/stage/1".into()),
            Entry::Link(at("var-run"), at("run")),
        ] {
            assert!(place(&entry).is_some(), "{entry:?} is not in {below:#?}");
        }
        assert!(place(&Entry::Folder(at("etc/flyte"))) < place(&Entry::Bind(at("etc/flyte/config"), "/stage/0".into())));
    }
}
