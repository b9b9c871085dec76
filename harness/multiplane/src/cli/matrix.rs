//! `multiplane matrix`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use multiplane::backend::Embedded;
use multiplane::backend::existing::Contexts;
#[cfg(feature = "docker")]
use multiplane::backend::k3s;
use multiplane::backend::kind::Configs;
use multiplane::exit::Exit;
use multiplane::run::Partition;
use scenario::{FILE_NAME, Given, Loaded};
use serde::Serialize;

use super::backend::{Backend, BackendArgs};
use super::exit::Failure;
use super::output::Output;

/// Jobs that GitHub starts for one matrix, at most.
const MOST_CELLS: usize = 256;

/// Scenarios that a job runs at most where clusters take minutes; a larger group is dealt out to several.
const MOST_SCENARIOS: usize = 12;

/// Prints the CI matrix as one line of JSON: backend x Kubernetes version x group of scenarios.
///
/// A group is a folder below PATH. Its scenarios count that the backend can run; with many of them, where clusters take minutes, it has several
/// cells, which are parts of it. The line goes through GitHub's `fromJSON` as it is; each cell has what its job needs:
///
///   {"include":[{"name":"embedded, Kubernetes 1.36, scenarios/guide",
///     "id":"embedded-1.36-scenarios-guide","backend":"embedded","kubernetes":"1.36",
///     "group":"guide","path":"scenarios/guide","scenarios":13,"partition":"1/1"}]}
///
/// and is run by
///
///   multiplane run "$SCENARIOS" --backend "$BACKEND" --matrix "kubernetes=$KUBERNETES" \
///     --partition "$PARTITION" --skip-unsupported
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
    kubernetes: String,
    group: String,
    path: String,
    /// Those of the group that the backend can run, in all parts together.
    scenarios: usize,
    partition: Partition,
}

/// Versions that a backend serves without more words, the default one first.
fn versions(backend: Backend) -> Vec<String> {
    match backend {
        // An embedded cluster in a container serves what it serves; of the binaries, envtest has this version, too.
        Backend::Embedded | Backend::Container | Backend::Binaries => vec![Embedded::KUBERNETES.to_owned()],
        Backend::Kind => Configs::default().versions(),
        #[cfg(feature = "docker")]
        Backend::K3s => k3s::Tags::versions(),
        #[cfg(not(feature = "docker"))]
        Backend::K3s => Vec::new(),
        // They have the versions that they have, and no job of CI has them by itself.
        Backend::Existing => Vec::new(),
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
            let mut versions = versions(backend);
            if self.event == EventKind::PullRequest {
                versions.truncate(1);
            }
            for kubernetes in versions {
                for (path, group) in &groups {
                    let able = group.iter().map(|file| able(backend, file)).sum();
                    cells.extend(parts(backend, &kubernetes, path, able));
                }
            }
        }
        Ok(cells)
    }
}

/// How many of a file's scenarios a backend can run. One that cannot be read counts: its run tells.
fn able(backend: Backend, file: &Path) -> usize {
    let asked = BackendArgs::plain(backend);
    let can = |loaded: &Loaded| asked.refusals(&loaded.scenario, &Contexts::default(), None).is_empty();
    scenario::load_all(file, &Given::default()).map_or(1, |all| all.iter().filter(|loaded| can(loaded)).count())
}

/// The jobs of a group: none if the backend can run nothing of it.
fn parts(backend: Backend, kubernetes: &str, path: &Path, scenarios: usize) -> Vec<Cell> {
    let most = if backend == Backend::Embedded { usize::MAX } else { MOST_SCENARIOS };
    Partition::all(scenarios.div_ceil(most))
        .map(|partition| cell(backend, kubernetes, path, scenarios, partition))
        .collect()
}

fn cell(backend: Backend, kubernetes: &str, path: &Path, scenarios: usize, partition: Partition) -> Cell {
    let backend = backend.name();
    let part = if partition.of() == 1 {
        String::new()
    } else {
        format!(" {partition}")
    };
    let shown = path.display().to_string();
    let id: String = format!("{backend}-{kubernetes}-{shown}{part}")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .collect();
    Cell {
        name: format!("{backend}, Kubernetes {kubernetes}, {shown}{part}"),
        id,
        backend,
        kubernetes: kubernetes.to_owned(),
        group: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        path: shown,
        scenarios,
        partition,
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
