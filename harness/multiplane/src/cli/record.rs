//! `--record`: capsules of a run.

use std::path::{Path, PathBuf};

use multiplane::capsule::{CapsuleError, Ingredients};
use multiplane::findings::Findings;
use multiplane::journal::Record;
use multiplane::report::endings;
use multiplane::run::Plan;

use super::exit::Failure;
use super::output::{cannot_write, complain};

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
}

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
        let findings = Findings::default();
        plans.iter_mut().for_each(|plan| plan.findings = Some(findings.clone()));
        let scenarios = plans.iter().map(Ingredients::read).collect::<Result<_, _>>().map_err(failure)?;
        Ok(Self { into, scenarios })
    }

    /// Writes the capsules, and tells what to do with them.
    pub(crate) fn write(&self, records: &[Record]) -> Result<(), Failure> {
        let endings = endings(records);
        for scenario in &self.scenarios {
            let Some(ending) = endings.get(scenario.name()) else { continue };
            let file = match &self.into {
                Into::File(file) => file.clone(),
                Into::Folder(_) if ending.outcome.is_fine() => continue,
                Into::Folder(folder) => folder.join(format!("{}.capsule", scenario.name())),
            };
            scenario.write(&file, records).map_err(failure)?;
            complain(&format!("recorded: multiplane repro {}", file.display()));
        }
        Ok(())
    }
}

/// A file of the user's that cannot be read or written, or is no capsule.
pub(crate) fn failure(error: CapsuleError) -> Failure {
    Failure::invalid(format!("error: {error}"))
}
