//! A capsule that is laid out to be run.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use scenario::Invalid;
use serde::Deserialize;
use tar::Archive;
use tempfile::TempDir;

use super::{ABOUT, About, CHARTS, CapsuleError, FILES, FORMAT};
use crate::charts::kept::{lay_out, unpack};
use crate::run::{Inside, Pins, Plan};

/// How much a capsule may hold, unpacked: 256 MiB. Charts are far smaller; a file that claims more is no capsule.
const LIMIT: u64 = 256 << 20;

/// A capsule that is laid out in a folder of its own, which goes when this is dropped.
#[derive(Debug)]
pub struct Opened {
    /// What it says of itself.
    pub about: About,
    file: PathBuf,
    folder: TempDir,
}

/// What all formats have.
#[derive(Deserialize)]
struct Envelope {
    format: u32,
    version: String,
}

impl Opened {
    /// Reads a capsule.
    ///
    /// # Errors
    /// If it cannot be read, is none, or is of a later format.
    pub fn open(file: &Path) -> Result<Self, CapsuleError> {
        let packed = File::open(file).map_err(CapsuleError::file(file))?;
        let folder = tempfile::Builder::new()
            .prefix("multiplane-capsule-")
            .tempdir()
            .map_err(CapsuleError::file(std::env::temp_dir()))?;
        let form = |why: std::io::Error| CapsuleError::form(file, why);
        let mut archive = Archive::new(GzDecoder::new(packed).take(LIMIT));
        for entry in archive.entries().map_err(form)? {
            let mut entry = entry.map_err(form)?;
            // Plain files below the folder: nothing else has a place in a capsule, whoever made it.
            let path = entry.path().map_err(form)?.into_owned();
            let strange = !entry.header().entry_type().is_file() || !path.components().all(|part| matches!(part, Component::Normal(_)));
            if strange || !entry.unpack_in(folder.path()).map_err(form)? {
                return Err(CapsuleError::form(
                    file,
                    format_args!("it holds {}, which is no plain file", path.display()),
                ));
            }
        }
        let about =
            std::fs::read_to_string(folder.path().join(ABOUT)).map_err(|_| CapsuleError::form(file, format_args!("it has no {ABOUT}")))?;
        let json = |error: serde_json::Error| CapsuleError::form(file, format_args!("{ABOUT}: {error}"));
        let envelope: Envelope = serde_json::from_str(&about).map_err(json)?;
        if envelope.format > FORMAT {
            return Err(CapsuleError::Format {
                file: file.to_owned(),
                found: envelope.format,
                version: envelope.version,
            });
        }
        let about = serde_json::from_str(&about).map_err(json)?;
        Ok(Self {
            about,
            file: file.to_owned(),
            folder,
        })
    }

    /// The scenario's file, where it is laid out.
    pub fn scenario(&self) -> PathBuf {
        self.folder.path().join(FILES).join(&self.about.scenario)
    }

    /// Copies the files to a new folder, which stays. Tells where the scenario is and, if it has charts of repositories, the folder that a run needs as
    /// `XDG_CACHE_HOME` to find them; it is absolute.
    ///
    /// # Errors
    /// If the folder is there already, or cannot be written.
    pub fn lay_out(&self, folder: &Path) -> Result<(PathBuf, Option<PathBuf>), CapsuleError> {
        std::fs::create_dir(folder).map_err(CapsuleError::file(folder))?;
        copy(&self.folder.path().join(FILES), folder)?;
        let cache = std::path::absolute(folder).map_err(CapsuleError::file(folder))?.join(".cache");
        let charts = lay_out(&self.folder.path().join(CHARTS), &cache)?;
        Ok((folder.join(&self.about.scenario), charts.then_some(cache)))
    }

    /// The recorded run, to be done again. `seed` wins over the recorded one.
    ///
    /// # Errors
    /// If the scenario is not valid for this version.
    pub fn plan(&self, seed: Option<u64>, run: &str) -> Result<Plan, CapsuleError> {
        let pins = self.pins()?;
        let plans = Plan::all(&self.scenario(), Some(seed.unwrap_or(self.about.seed)), &pins.given(run));
        self.pinned(plans, &pins)
    }

    /// The recorded run with another text of the scenario, as run `run`.
    pub(super) fn plan_of(&self, text: &str, run: &str) -> Result<Plan, CapsuleError> {
        let pins = self.pins()?;
        let plans = Plan::all_of_text(&self.scenario(), text, Some(self.about.seed), &pins.given(run));
        self.pinned(plans, &pins)
    }

    /// What was held fixed, and with it the cell of the scenario's matrix.
    fn pins(&self) -> Result<Pins, CapsuleError> {
        let pins: Vec<String> = self.about.matrix.iter().map(|(key, value)| format!("{key}={value}")).collect();
        Ok(Pins::parse(pins.iter().map(String::as_str))?)
    }

    fn pinned(&self, plans: Result<Vec<Plan>, Invalid>, pins: &Pins) -> Result<Plan, CapsuleError> {
        let mut plans = plans.map_err(|invalid| CapsuleError::Scenario(invalid.to_string()))?;
        for plan in &mut plans {
            unpack(&self.folder.path().join(CHARTS), &mut plan.loaded.scenario)?;
            plan.inside = Some(Inside {
                capsule: self.file.clone(),
                file: self.file.join(&self.about.scenario),
            });
            // Whoever runs a capsule wants to see it fail.
            plan.quarantine = None;
        }
        pins.apply(&mut plans)?;
        match <[Plan; 1]>::try_from(plans) {
            Ok([plan]) => Ok(plan),
            Err(plans) => {
                let message = format!("{} scenarios in one capsule", plans.len());
                Err(CapsuleError::form(self.scenario(), message))
            }
        }
    }
}

/// Copies all below one folder into another.
fn copy(from: &Path, to: &Path) -> Result<(), CapsuleError> {
    for entry in std::fs::read_dir(from).map_err(CapsuleError::file(from))? {
        let entry = entry.map_err(CapsuleError::file(from))?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            std::fs::create_dir(&to).map_err(CapsuleError::file(&to))?;
            copy(&from, &to)?;
        } else {
            std::fs::copy(&from, &to).map_err(CapsuleError::file(&to))?;
        }
    }
    Ok(())
}
