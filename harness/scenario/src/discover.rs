//! Which files are scenarios.

use std::path::{Path, PathBuf};

use crate::FILE_NAME;

/// Why there is nothing to run.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// A path that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of another name.
    #[error("{} is no scenario: only files named {FILE_NAME} are", .0.display())]
    OtherFile(PathBuf),
    /// A folder without scenarios.
    #[error("no {FILE_NAME} below {}", .0.display())]
    None(PathBuf),
}

/// The scenario files at and below the given paths, sorted, each once. Hidden folders are left out, links to folders not
/// followed.
///
/// # Errors
/// A path that does not exist, is another file, or has no scenario below it.
pub fn discover(paths: &[PathBuf]) -> Result<Vec<PathBuf>, DiscoverError> {
    let mut found = Vec::new();
    for path in paths {
        let before = found.len();
        collect(path, true, &mut found)?;
        if found.len() == before {
            return Err(DiscoverError::None(path.clone()));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn collect(path: &Path, named: bool, found: &mut Vec<PathBuf>) -> Result<(), DiscoverError> {
    let unreadable = |source| DiscoverError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let metadata = if named { path.metadata() } else { path.symlink_metadata() }.map_err(unreadable)?;
    let is_scenario = path.file_name().is_some_and(|name| name == FILE_NAME);
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            if !entry.file_name().to_string_lossy().starts_with('.') {
                collect(&entry.path(), false, found)?;
            }
        }
    } else if is_scenario {
        found.push(path.to_owned());
    } else if named {
        return Err(DiscoverError::OtherFile(path.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_that_name_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for file in [
            "b/scenario.yaml",
            "a/x/scenario.yaml",
            "a/other.yaml",
            ".hidden/scenario.yaml",
            "empty/readme",
        ] {
            std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            std::fs::write(root.join(file), "").unwrap();
        }
        let relative = |found: Vec<PathBuf>| -> Vec<String> {
            found
                .iter()
                .map(|path| path.strip_prefix(root).unwrap().display().to_string())
                .collect()
        };
        let all = discover(&[root.to_owned(), root.join("b/scenario.yaml")]).unwrap();
        assert_eq!(relative(all), ["a/x/scenario.yaml", "b/scenario.yaml"]);
        assert!(matches!(discover(&[root.join("empty")]), Err(DiscoverError::None(_))));
        assert!(matches!(discover(&[root.join("a/other.yaml")]), Err(DiscoverError::OtherFile(_))));
        assert!(matches!(discover(&[root.join("gone")]), Err(DiscoverError::Unreadable { .. })));
    }
}
