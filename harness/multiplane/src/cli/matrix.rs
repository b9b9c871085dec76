//! `multiplane matrix`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use multiplane::backend::Embedded;
use multiplane::backend::faults;
use multiplane::exit::Exit;
use scenario::{FILE_NAME, Given};
use serde::Serialize;

use super::backend::Backend;
use super::exit::Failure;
use super::output::Output;

/// Jobs that GitHub starts for one matrix, at most.
const MOST_CELLS: usize = 256;

/// Prints the CI matrix as one line of JSON: backend x Kubernetes version x group of scenarios.
///
/// A group is a folder below PATH; one with faults that a backend cannot make is not run there. The line goes through GitHub's `fromJSON` as it is; each cell has what its job needs:
///
///   {"include":[{"name":"embedded, Kubernetes 1.36, scenarios/guide",
///     "id":"embedded-1.36-scenarios-guide","backend":"embedded","kubernetes":"1.36",
///     "group":"guide","path":"scenarios/guide","scenarios":13}]}
///
/// and is run by
///
///   multiplane run "$SCENARIOS" --backend "$BACKEND" --matrix "kubernetes=$KUBERNETES"
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Matrix {
    /// Folders whose subfolders are the groups.
    #[arg(value_name = "PATH", default_value = "scenarios")]
    paths: Vec<PathBuf>,
    /// What the matrix is for.
    #[arg(long, value_enum, default_value_t = EventKind::PullRequest)]
    event: EventKind,
    /// Only this backend, whatever the event; may be given several times.
    #[arg(long, value_enum, value_name = "BACKEND")]
    backend: Vec<Backend>,
}

/// What starts the jobs.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum EventKind {
    /// What needs nothing installed, with one Kubernetes version.
    PullRequest,
    /// Every backend of this build, with every version it serves.
    Nightly,
}

#[derive(Serialize)]
struct Include {
    include: Vec<Cell>,
}

/// One job.
#[derive(Serialize)]
struct Cell {
    /// For people.
    name: String,
    /// For names of files and artifacts.
    id: String,
    backend: String,
    kubernetes: &'static str,
    group: String,
    path: String,
    scenarios: usize,
}

/// Versions that a backend serves, the default one first. A new backend must say so here before it is in any matrix.
fn versions(backend: Backend) -> &'static [&'static str] {
    match backend {
        // An embedded cluster in a container serves what it serves.
        Backend::Embedded | Backend::Container => &[Embedded::KUBERNETES],
        // What runs through the double has not run on the real tool in CI yet.
        Backend::Kind => &[],
        // Its nodes have never run in CI; `--backend k3s` says what is missing on a machine.
        Backend::K3s => &[],
        // They have the versions that they have, and no job of CI has them by itself.
        // What they serve depends on the machine.
        Backend::Binaries | Backend::Existing => &[],
    }
}

/// Whether a pull request waits for it: nothing to install, no machine to set up.
fn for_pull_requests(backend: Backend) -> bool {
    match backend {
        Backend::Embedded => true,
        Backend::Binaries | Backend::Container | Backend::Kind | Backend::K3s | Backend::Existing => false,
    }
}

impl Matrix {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let include = self.cells()?;
        if include.len() > MOST_CELLS {
            return Err(Failure::invalid(format!(
                "error: {} cells; GitHub starts at most {MOST_CELLS} jobs for a matrix. Name fewer folders or backends",
                include.len()
            )));
        }
        // On one line: `$GITHUB_OUTPUT` takes `key=value` lines.
        output.line(serde_json::to_string(&Include { include })?)?;
        Ok(Exit::Passed)
    }

    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        self.backend.iter().try_for_each(|backend| backend.require())?;
        let groups = groups(&self.paths)?;
        let backends = Backend::value_variants()
            .iter()
            .copied()
            .filter(|backend| backend.is_built())
            .filter(|backend| match self.backend.as_slice() {
                [] => self.event == EventKind::Nightly || for_pull_requests(*backend),
                wanted => wanted.contains(backend),
            });
        let mut cells = Vec::new();
        for backend in backends {
            let versions = versions(backend);
            let versions = match self.event {
                EventKind::PullRequest => &versions[..versions.len().min(1)],
                EventKind::Nightly => versions,
            };
            for kubernetes in versions {
                let able = groups
                    .iter()
                    .filter(|(_, group)| group.iter().all(|scenario| can(backend, scenario)));
                cells.extend(able.map(|(path, group)| cell(backend, kubernetes, path, group.len())));
            }
        }
        Ok(cells)
    }
}

/// Whether a backend makes all faults of a scenario. One that cannot be read is told by its run.
fn can(backend: Backend, file: &Path) -> bool {
    let cells = scenario::load_all(file, &Given::default()).unwrap_or_default();
    cells
        .iter()
        .all(|loaded| faults::refusals(&loaded.scenario, backend.makes()).is_empty())
}

fn cell(backend: Backend, kubernetes: &'static str, path: &Path, scenarios: usize) -> Cell {
    let backend = backend.name();
    let shown = path.display().to_string();
    let id: String = format!("{backend}-{kubernetes}-{shown}")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .collect();
    Cell {
        name: format!("{backend}, Kubernetes {kubernetes}, {shown}"),
        id,
        backend,
        kubernetes,
        group: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        path: shown,
        scenarios,
    }
}

/// The folders directly below the paths that have scenarios, with these. A path that is itself a scenario is a group of its own.
fn groups(paths: &[PathBuf]) -> Result<BTreeMap<PathBuf, Vec<PathBuf>>, Failure> {
    let mut groups: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for root in paths {
        let files =
            scenario::discover::discover(std::slice::from_ref(root)).map_err(|error| Failure::invalid(format!("error: {error}")))?;
        // Running a folder runs all below it: with a scenario of its own, it cannot be split.
        let whole = files.contains(&root.join(FILE_NAME)) || files.contains(root);
        for file in files {
            let below = file.strip_prefix(root).unwrap_or(&file).components().next();
            let group = match below {
                Some(folder) if !whole => root.join(folder),
                _ => root.clone(),
            };
            groups.entry(group).or_default().push(file);
        }
    }
    Ok(groups)
}
