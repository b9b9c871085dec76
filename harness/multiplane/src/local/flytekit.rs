//! An installed flytekit, which runs the tasks of Python projects.

use std::path::{Path, PathBuf};

use super::space::SpaceError;

/// A virtual environment with flytekit in it, or another folder of its executables.
#[derive(Clone, Debug)]
pub struct Flytekit {
    /// The folder of its executables.
    bin: PathBuf,
    /// All that they need.
    needs: Vec<PathBuf>,
}

/// What containers start that run tasks of Python projects.
pub(super) const COMMANDS: [&str; 3] = ["pyflyte-execute", "pyflyte-fast-execute", "pyflyte-map-execute"];

impl Flytekit {
    /// The flytekit at a path: of a virtual environment, or of the folder of executables in one.
    ///
    /// # Errors
    /// There is no `pyflyte-execute` in it.
    pub fn at(path: &Path) -> Result<Self, SpaceError> {
        let there = path
            .canonicalize()
            .map_err(|error| SpaceError::Program(format!("{}: {error}", path.display())))?;
        let bin = [there.join("bin"), there.clone()]
            .into_iter()
            .find(|bin| bin.join(COMMANDS[0]).is_file());
        let bin = bin.ok_or_else(|| {
            SpaceError::Program(format!(
                "{0} has neither bin/{1} nor {1}: name a virtual environment in which flytekit is installed (python3 -m venv DIR && DIR/bin/pip \
                 install flytekit)",
                path.display(),
                COMMANDS[0]
            ))
        })?;
        let mut needs: Vec<PathBuf> = bin.parent().map(Path::to_owned).into_iter().collect();
        if let Some(environment) = bin.parent() {
            needs.extend(interpreter(environment));
        }
        Ok(Self { bin, needs })
    }

    /// One of its executables.
    #[must_use]
    pub fn executable(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    pub(super) fn bin(&self) -> &Path {
        &self.bin
    }

    pub(super) fn needs(&self) -> &[PathBuf] {
        &self.needs
    }
}

/// Where the interpreter of a virtual environment is installed, as the environment says it and as it is.
fn interpreter(environment: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(environment.join("pyvenv.cfg")).unwrap_or_default();
    let mut pairs = text.lines().filter_map(|line| line.split_once('='));
    let home = pairs
        .find(|(name, _)| name.trim() == "home")
        .map(|(_, home)| PathBuf::from(home.trim()));
    let installed = home.as_deref().and_then(Path::parent).map(Path::to_owned);
    let real = installed.as_deref().and_then(|folder| folder.canonicalize().ok());
    installed.into_iter().chain(real).collect()
}

#[cfg(test)]
mod tests {
    use super::Flytekit;

    #[test]
    fn an_environment_and_its_folder_of_executables_are_the_same() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let (environment, python) = (root.join("venv"), root.join("python"));
        std::fs::create_dir_all(environment.join("bin")).unwrap();
        std::fs::create_dir_all(python.join("bin")).unwrap();
        let error = Flytekit::at(&environment).unwrap_err().to_string();
        assert!(error.contains("has neither bin/pyflyte-execute nor pyflyte-execute"), "{error}");
        std::fs::write(environment.join("bin/pyflyte-execute"), "").unwrap();
        std::fs::write(
            environment.join("pyvenv.cfg"),
            format!("home = {}\nversion = 3.11.7\n", python.join("bin").display()),
        )
        .unwrap();
        for path in [environment.clone(), environment.join("bin")] {
            let flytekit = Flytekit::at(&path).unwrap();
            assert_eq!(
                flytekit.executable("pyflyte-fast-execute"),
                environment.join("bin/pyflyte-fast-execute")
            );
            assert_eq!(flytekit.needs(), [environment.clone(), python.clone(), python.clone()]);
        }
    }
}
