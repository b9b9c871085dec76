//! Where the programs of a real control plane are.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

/// Names the folder of the programs.
const VARIABLE: &str = "KUBEBUILDER_ASSETS";

/// The programs of a control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// etcd.
    pub etcd: PathBuf,
    /// kube-apiserver.
    pub apiserver: PathBuf,
    /// kube-controller-manager, from the same folder as the API server, if it is there: the two must be of one version.
    pub controller_manager: Option<PathBuf>,
    /// What the API server calls itself, such as `Kubernetes v1.20.2`.
    pub version: String,
    /// 20 of 1.20.
    pub minor: u32,
}

/// A program is not there, or is not what its name says.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotFound {
    /// It is in none of the folders.
    #[error("no {program} in {places}")]
    Missing {
        /// The program's name.
        program: &'static str,
        /// Where it was looked for.
        places: String,
    },
    /// It does not say a version that can be read.
    #[error("{}: {message}", program.display())]
    Version {
        /// The program.
        program: PathBuf,
        /// What it said instead.
        message: String,
    },
}

impl NotFound {
    /// A stable name of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "program-missing",
            Self::Version { .. } => "program-version",
        }
    }

    /// What to do about it.
    pub fn mend(&self) -> &'static str {
        "`setup-envtest use 1.36` (go install sigs.k8s.io/controller-runtime/tools/setup-envtest@latest) brings etcd and kube-apiserver; or let \
         KUBEBUILDER_ASSETS name a folder that has them, and kube-controller-manager beside them for Kubernetes' own controllers"
    }
}

impl fmt::Display for Binaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let controllers = if self.controller_manager.is_some() { "with" } else { "without" };
        write!(
            f,
            "{} ({}), {controllers} kube-controller-manager",
            self.version,
            self.apiserver.display()
        )
    }
}

impl Binaries {
    /// Looks for the programs where this process's environment says.
    ///
    /// # Errors
    /// [`NotFound`] if one is missing or does not run.
    pub fn find() -> Result<Self, NotFound> {
        Self::find_in(&Places::of(|name| std::env::var_os(name)), version)
    }

    /// Looks for the programs in these places; `version` asks the API server.
    fn find_in(places: &Places, version: impl Fn(&Path) -> Result<String, String>) -> Result<Self, NotFound> {
        let find = |program: &'static str| {
            let mut found = places
                .folders
                .iter()
                .map(|folder| folder.join(program))
                .filter(|path| path.is_file());
            found.next().ok_or_else(|| NotFound::Missing {
                program,
                places: places.to_string(),
            })
        };
        let (apiserver, etcd) = (find("kube-apiserver")?, find("etcd")?);
        let unreadable = |message| NotFound::Version {
            program: apiserver.clone(),
            message,
        };
        let version = version(&apiserver).map_err(unreadable)?;
        let minor = version.split_once("v1.").and_then(|(_, rest)| rest.split('.').next()?.parse().ok());
        Ok(Self {
            etcd,
            controller_manager: Some(apiserver.with_file_name("kube-controller-manager")).filter(|path| path.is_file()),
            minor: minor.ok_or_else(|| unreadable(format!("the version {version:?} cannot be read")))?,
            apiserver,
            version,
        })
    }

    /// `1.20`, as scenarios write versions.
    pub fn kubernetes(&self) -> String {
        format!("1.{}", self.minor)
    }
}

#[expect(clippy::disallowed_methods, reason = "it ends at once")]
fn version(apiserver: &Path) -> Result<String, String> {
    let output = Command::new(apiserver)
        .arg("--version")
        .output()
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Folders in which programs are looked for, best first.
///
/// `KUBEBUILDER_ASSETS` names the only one. Without it: those of `PATH`, `/usr/local/kubebuilder/bin`, and those of envtest's cache
/// (`kubebuilder-envtest/k8s` below `XDG_DATA_HOME` or `~/.local/share`), the newest version first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    folders: Vec<PathBuf>,
    named: Option<PathBuf>,
    /// envtest's cache, whether it is there or not.
    cache: Option<PathBuf>,
}

impl Places {
    /// The places that an environment leads to.
    pub fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        if let Some(folder) = variable(VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from) {
            return Self {
                folders: vec![folder.clone()],
                named: Some(folder),
                cache: None,
            };
        }
        let mut folders: Vec<PathBuf> = variable("PATH").iter().flat_map(std::env::split_paths).collect();
        folders.push("/usr/local/kubebuilder/bin".into());
        let home = || Some(PathBuf::from(variable("HOME")?).join(".local/share"));
        let shared = variable("XDG_DATA_HOME").map(PathBuf::from).or_else(home);
        let cache = shared.map(|shared| shared.join("kubebuilder-envtest/k8s"));
        let versions = cache.as_ref().and_then(|cache| cache.read_dir().ok());
        let mut versions: Vec<PathBuf> = versions
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        versions.sort_by_key(|path| std::cmp::Reverse(numbers(path)));
        folders.extend(versions);
        Self {
            folders,
            named: None,
            cache,
        }
    }
}

/// `1.9.3-linux-amd64` is older than `1.36.2-linux-amd64`.
fn numbers(path: &Path) -> Vec<u32> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(folder) = &self.named {
            return write!(f, "{VARIABLE} ({})", folder.display());
        }
        write!(f, "PATH, /usr/local/kubebuilder/bin")?;
        if let Some(cache) = &self.cache {
            write!(f, ", {}", cache.display())?;
        }
        write!(f, "; {VARIABLE} is not set")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(folder: &Path, names: &[&str]) {
        std::fs::create_dir_all(folder).unwrap();
        names.iter().for_each(|name| std::fs::write(folder.join(name), "").unwrap());
    }

    fn says(text: &str) -> impl Fn(&Path) -> Result<String, String> {
        let text = text.to_owned();
        move |_| Ok(text.clone())
    }

    #[test]
    fn the_folder_that_is_named_is_the_only_one() {
        let dir = tempfile::tempdir().unwrap();
        touch(&dir.path().join("path"), &["etcd", "kube-apiserver"]);
        touch(&dir.path().join("named"), &["kube-apiserver"]);
        let places = Places::of(|name| match name {
            "PATH" => Some(dir.path().join("path").into()),
            VARIABLE => Some(dir.path().join("named").into()),
            _ => None,
        });
        let error = Binaries::find_in(&places, says("Kubernetes v1.36.2")).unwrap_err();
        let named = dir.path().join("named");
        assert_eq!(error.to_string(), format!("no etcd in KUBEBUILDER_ASSETS ({})", named.display()));
        assert_eq!(error.code(), "program-missing");
    }

    #[test]
    fn envtest_has_the_newest_version() {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("kubebuilder-envtest/k8s");
        touch(&cache.join("1.9.3-linux-amd64"), &["etcd", "kube-apiserver"]);
        touch(&cache.join("1.36.2-linux-amd64"), &["etcd", "kube-apiserver"]);
        let places = Places::of(|name| (name == "XDG_DATA_HOME").then(|| dir.path().into()));
        let found = Binaries::find_in(&places, says("Kubernetes v1.36.2")).unwrap();
        assert_eq!(found.apiserver, cache.join("1.36.2-linux-amd64/kube-apiserver"));
        assert_eq!((found.controller_manager.as_ref(), &*found.kubernetes()), (None, "1.36"));
    }

    #[test]
    fn where_it_was_looked_is_told() {
        let places = Places::of(|name| match name {
            "HOME" => Some("/nowhere".into()),
            VARIABLE => Some("".into()),
            _ => None,
        });
        let error = Binaries::find_in(&places, says("")).unwrap_err();
        let expected = "no kube-apiserver in PATH, /usr/local/kubebuilder/bin, /nowhere/.local/share/kubebuilder-envtest/k8s; \
                        KUBEBUILDER_ASSETS is not set";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn the_controller_manager_is_the_one_beside_the_server() {
        let dir = tempfile::tempdir().unwrap();
        touch(dir.path(), &["etcd", "kube-apiserver", "kube-controller-manager"]);
        let places = Places::of(|name| (name == "PATH").then(|| dir.path().into()));
        let found = Binaries::find_in(&places, says("Kubernetes v1.20.2")).unwrap();
        assert_eq!(found.controller_manager, Some(dir.path().join("kube-controller-manager")));
        let error = Binaries::find_in(&places, says("busybox")).unwrap_err();
        assert_eq!(error.code(), "program-version");
    }
}
