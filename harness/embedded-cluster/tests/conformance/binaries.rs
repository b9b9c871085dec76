//! Where the programs of a real control plane are.
//!
//! `KUBEBUILDER_ASSETS` names their folder. Without it they are looked for in `PATH` and in the folders of Kubebuilder's `envtest`:
//! `/usr/local/kubebuilder/bin`, and the newest version in `~/.local/share/kubebuilder-envtest/k8s`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    pub(crate) etcd: PathBuf,
    pub(crate) apiserver: PathBuf,
    /// From the same folder as the API server, if it is there: the two must be of one version.
    pub(crate) controller_manager: Option<PathBuf>,
    /// What the API server calls itself, such as `Kubernetes v1.20.2`.
    version: String,
    /// 20 of 1.20.
    pub(crate) minor: u32,
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
    /// Looks for them, or says why there are none.
    pub(crate) fn find() -> Result<Self, String> {
        let (folders, places) = match std::env::var_os("KUBEBUILDER_ASSETS") {
            Some(folder) => (
                vec![PathBuf::from(&folder)],
                format!("KUBEBUILDER_ASSETS ({})", Path::new(&folder).display()),
            ),
            None => (usual(), "PATH or envtest's folders, and KUBEBUILDER_ASSETS is not set".to_owned()),
        };
        let find = |name: &str| {
            let mut found = folders.iter().map(|folder| folder.join(name)).filter(|path| path.is_file());
            found.next().ok_or_else(|| format!("no {name} in {places}"))
        };
        let (apiserver, etcd) = (find("kube-apiserver")?, find("etcd")?);
        let version = version(&apiserver)?;
        let minor = version.split_once("v1.").and_then(|(_, rest)| rest.split('.').next()?.parse().ok());
        Ok(Self {
            etcd,
            controller_manager: Some(apiserver.with_file_name("kube-controller-manager")).filter(|path| path.is_file()),
            minor: minor.ok_or_else(|| format!("{}: the version {version:?} cannot be read", apiserver.display()))?,
            apiserver,
            version,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "no program of ours")]
fn version(apiserver: &Path) -> Result<String, String> {
    let output = Command::new(apiserver).arg("--version").output();
    let output = output.map_err(|error| format!("{}: {error}", apiserver.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Folders to look in, best first.
fn usual() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    folders.push("/usr/local/kubebuilder/bin".into());
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share"));
    let shared = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(home);
    if let Some(versions) = shared.and_then(|shared| shared.join("kubebuilder-envtest/k8s").read_dir().ok()) {
        let mut versions: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path())).collect();
        // `1.9.3-linux-amd64` is older than `1.36.2-linux-amd64`.
        let numbers = |path: &PathBuf| -> Vec<u32> {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
        };
        versions.sort_by_key(|path| std::cmp::Reverse(numbers(path)));
        folders.extend(versions);
    }
    folders
}
