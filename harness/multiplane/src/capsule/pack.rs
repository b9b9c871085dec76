//! Making a capsule.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

use super::machine::Machine;
use super::{ABOUT, About, CHARTS, CapsuleError, FILES, FORMAT, JOURNAL};
use crate::charts::kept::pack;
use crate::journal::{Event, Record};
use crate::report::endings;
use crate::run::Plan;
use crate::stopwatch::wall;

/// A scenario with all files that it stands on, as they were when they were read: before the run, so that a capsule holds what ran.
#[derive(Debug)]
pub struct Ingredients {
    plan: Plan,
    /// The scenario's file, below the files' common folder.
    scenario: PathBuf,
    /// Contents by their path below the common folder.
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// Charts of repositories.
    charts: BTreeMap<String, Vec<u8>>,
}

impl Ingredients {
    /// Reads them.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn read(plan: &Plan) -> Result<Self, CapsuleError> {
        let scenario = &plan.loaded.scenario;
        let own = absolute(&scenario.file)?;
        let text = plan.loaded.sources.get(&scenario.file.display().to_string()).unwrap_or_default();
        let mut files = BTreeMap::from([(own.clone(), text.as_bytes().to_vec())]);
        for input in scenario.inputs() {
            read_all(&absolute(&input)?, &mut files)?;
        }
        let base = common_folder(files.keys());
        let below = |path: &Path| path.strip_prefix(&base).unwrap_or(path).to_owned();
        Ok(Self {
            charts: pack(scenario)?,
            plan: plan.clone(),
            scenario: below(&own),
            files: files.into_iter().map(|(path, content)| (below(&path), content)).collect(),
        })
    }

    /// The scenario's name.
    pub fn name(&self) -> &str {
        self.plan.name()
    }

    /// Writes the capsule of a run that these `records` tell of.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, file: &Path, records: &[Record]) -> Result<(), CapsuleError> {
        let of_this = records
            .iter()
            .filter(|record| record.scenario.as_deref().is_none_or(|name| name == self.name()));
        let of_this: Vec<Record> = of_this.cloned().collect();
        let about = self
            .about(&of_this)
            .ok_or_else(|| CapsuleError::form(file, "the scenario did not begin"))?;
        let out = File::create(file).map_err(CapsuleError::file(file))?;
        self.archive(out, &about, &of_this).map_err(CapsuleError::file(file))
    }

    fn about(&self, records: &[Record]) -> Option<About> {
        let ending = endings(records).remove(self.name())?;
        let backend = records.iter().find_map(|record| match &record.event {
            Event::ScenarioStarted { backend, .. } => Some(backend.clone()),
            _ => None,
        })?;
        Some(About {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made: wall(),
            name: self.name().to_owned(),
            scenario: text(&self.scenario),
            backend,
            seed: self.plan.seed,
            matrix: self.plan.matrix.clone(),
            machine: Machine::this(),
            ending,
        })
    }

    fn archive(&self, out: File, about: &About, records: &[Record]) -> std::io::Result<()> {
        let mut archive = Builder::new(GzEncoder::new(out, Compression::default()));
        let mut add = |name: String, content: &[u8]| {
            let mut header = Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, content)
        };
        add(ABOUT.to_owned(), &serde_json::to_vec_pretty(about)?)?;
        let mut journal = Vec::new();
        for record in records {
            serde_json::to_writer(&mut journal, record)?;
            journal.push(b'\n');
        }
        add(JOURNAL.to_owned(), &journal)?;
        for (name, content) in &self.charts {
            add(format!("{CHARTS}/{name}"), content)?;
        }
        for (path, content) in &self.files {
            add(format!("{FILES}/{}", text(path)), content)?;
        }
        let findings = self.plan.findings.as_ref().map(|findings| findings.of(self.name()));
        for finding in findings.into_iter().flatten() {
            add(finding.path, finding.text.as_bytes())?;
        }
        archive.into_inner()?.finish()?.flush()
    }
}

fn absolute(path: &Path) -> Result<PathBuf, CapsuleError> {
    let whole = std::path::absolute(path).map_err(CapsuleError::file(path))?;
    let mut plain = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    Ok(plain)
}

/// A file, or all files below a folder.
fn read_all(path: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<(), CapsuleError> {
    let failed = || CapsuleError::file(path);
    if !path.is_dir() {
        let content = std::fs::read(path).map_err(failed())?;
        files.insert(path.to_owned(), content);
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(failed())? {
        let entry = entry.map_err(failed())?.path();
        if entry.file_name() != Some(OsStr::new(".git")) {
            read_all(&entry, files)?;
        }
    }
    Ok(())
}

/// The deepest folder that holds all of them.
fn common_folder<'a>(mut paths: impl Iterator<Item = &'a PathBuf>) -> PathBuf {
    let first = paths.next().and_then(|path| path.parent()).unwrap_or(Path::new("/"));
    paths.fold(first.to_owned(), |common, path| {
        common
            .ancestors()
            .find(|folder| path.starts_with(folder))
            .unwrap_or(Path::new("/"))
            .to_owned()
    })
}

/// A path with `/` between its parts and none at its start.
fn text(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}
