//! `--record`: capsules of a run.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use multiplane::backend::ledger::State;
use multiplane::capsule::{CapsuleError, Ingredients};
use multiplane::findings::Findings;
use multiplane::journal::Record;
use multiplane::report::endings;
use multiplane::run::Plan;

use super::exit::Failure;
use super::output::{cannot_write, complain};

/// What stands for no capsule at all.
pub(crate) const NO_RECORD: &str = "none";

/// What will become capsules, read before the run.
pub(crate) struct Recorder {
    into: Into,
    scenarios: Vec<Ingredients>,
}

enum Into {
    /// One scenario, however it ends.
    File(PathBuf),
    /// What does not pass.
    Folder(PathBuf),
    /// What does not pass, in a folder of this program's own; the run's id.
    State(PathBuf, String),
}

/// How many capsules stay in the folder of state.
const KEPT: usize = 20;

impl Recorder {
    pub(crate) fn new(path: &Path, plans: &mut [Plan]) -> Result<Self, Failure> {
        let into = match (path.is_dir() || path.to_string_lossy().ends_with('/'), plans.len()) {
            (true, _) => {
                std::fs::create_dir_all(path).map_err(|error| cannot_write(path, &error))?;
                Into::Folder(path.to_owned())
            }
            (false, 1) => Into::File(path.to_owned()),
            (false, many) => {
                return Err(Failure::invalid(format!(
                    "error: --record {}: a capsule holds one scenario, and these are {many}; name a folder ({}/) for one of each that does not pass",
                    path.display(),
                    path.display()
                )));
            }
        };
        Self::of(into, plans).map_err(failure)
    }

    /// Where nobody said anything: what does not pass goes to the folder of state. None, where that cannot be; the run goes on without.
    pub(crate) fn of_failures(plans: &mut [Plan], id: &str) -> Option<Self> {
        let folder = State::from_env().ok()?.capsules();
        Self::of(Into::State(folder, id.to_owned()), plans)
            .inspect_err(|error| complain(&format!("warning: failures are not recorded: {error}")))
            .ok()
    }

    fn of(into: Into, plans: &mut [Plan]) -> Result<Self, CapsuleError> {
        // Before they are read: a capsule has what its plan finds.
        let findings = Findings::default();
        plans.iter_mut().for_each(|plan| plan.findings = Some(findings.clone()));
        let scenarios = plans.iter().map(Ingredients::read).collect::<Result<_, _>>()?;
        Ok(Self { into, scenarios })
    }

    /// Writes the capsules, and tells what to do with them.
    pub(crate) fn write(&self, records: &[Record]) -> Result<(), Failure> {
        let endings = endings(records);
        for scenario in &self.scenarios {
            let Some(ending) = endings.get(scenario.name()) else { continue };
            let file = match &self.into {
                Into::File(file) => file.clone(),
                Into::Folder(_) | Into::State(..) if ending.outcome.is_fine() => continue,
                Into::Folder(folder) => folder.join(format!("{}.capsule", scenario.name())),
                Into::State(folder, run) => {
                    DirBuilder::new()
                        .recursive(true)
                        .mode(0o700)
                        .create(folder)
                        .map_err(|error| cannot_write(folder, &error))?;
                    folder.join(format!("{}-{run}.capsule", scenario.name()))
                }
            };
            scenario.write(&file, records).map_err(failure)?;
            complain(&format!("recorded: multiplane repro {}", file.display()));
        }
        if let Into::State(folder, _) = &self.into {
            prune(folder).map_err(|error| cannot_write(folder, &error))?;
        }
        Ok(())
    }
}

/// Removes all capsules of a folder but the last ones.
fn prune(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut capsules = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "capsule") {
            capsules.push((fs::metadata(&path)?.modified()?, path));
        }
    }
    capsules.sort();
    let old = capsules.len().saturating_sub(KEPT);
    capsules[..old].iter().try_for_each(|(_, path)| fs::remove_file(path))
}

/// A file of the user's that cannot be read or written, or is no capsule.
pub(crate) fn failure(error: CapsuleError) -> Failure {
    Failure::invalid(format!("error: {error}"))
}
