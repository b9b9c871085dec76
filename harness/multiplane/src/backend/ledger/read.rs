//! Reading the ledgers of other runs.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use super::lock::Locked;
use super::{Life, Line, Resource, ResourceKind, State};

/// What one run left.
#[derive(Debug)]
pub struct Leftover {
    /// The run's id.
    pub run: String,
    /// What stands in its ledger, in the order in which it was made.
    pub resources: Vec<Left>,
    /// Processes that made some of it, and may still be at it.
    pub processes: Vec<Life>,
    /// The ledger's file.
    pub file: PathBuf,
    /// Held while it is worked on, so that two clean-ups do not meet.
    ledger: Locked,
}

/// A resource that was not struck out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which.
    pub resource: Resource,
    /// Whether it was kept on purpose.
    pub kept: bool,
}

/// The ledgers of all runs that live no more, the oldest first.
///
/// # Errors
/// If the ledgers cannot be read.
pub fn left(state: &State) -> io::Result<Vec<Leftover>> {
    let entries = match std::fs::read_dir(state.ledger()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut leftovers = Vec::new();
    for file in files {
        leftovers.extend(read(file)?);
    }
    Ok(leftovers)
}

/// `None` while the run lives.
fn read(path: PathBuf) -> io::Result<Option<Leftover>> {
    let file = match OpenOptions::new().read(true).append(true).open(&path) {
        Ok(file) => file,
        // Its run has just ended it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(mut file) = Locked::take(file)? else { return Ok(None) };
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    // A line that the machine's end cut short announced something that was not made.
    let mut lines = text.lines().map_while(|line| serde_json::from_str::<Line>(line).ok());
    let Some(Line::Begin { run, life, .. }) = lines.next() else {
        return Ok(None);
    };
    // A lock is lost where the file system has none; then the process tells.
    if life.lives() == Some(true) {
        return Ok(None);
    }
    let mut leftover = Leftover {
        run,
        resources: Vec::new(),
        processes: Vec::new(),
        file: path,
        ledger: file,
    };
    lines.for_each(|line| leftover.apply(line));
    Ok(Some(leftover))
}

impl Leftover {
    fn apply(&mut self, line: Line) {
        match line {
            Line::Begin { .. } => {}
            Line::Process { life } => self.processes.push(life),
            Line::Create { resource, .. } => {
                if !self.resources.iter().any(|left| left.resource == resource) {
                    self.resources.push(Left { resource, kept: false });
                }
            }
            Line::Keep { resource } => {
                for left in self.resources.iter_mut().filter(|left| left.resource == resource) {
                    left.kept = true;
                }
            }
            Line::Gone { resource, .. } => self.resources.retain(|left| left.resource != resource),
        }
    }

    /// Whether something is left that others make for us.
    pub(crate) fn has_more_than_folders(&self) -> bool {
        self.resources.iter().any(|left| left.resource.kind != ResourceKind::Folder)
    }

    /// Whether the ledger was written less than this long ago.
    pub(crate) fn is_fresh(&self, limit: Duration) -> bool {
        let age = self
            .ledger
            .metadata()
            .and_then(|metadata| metadata.modified())
            .map(|time| time.elapsed());
        // A time in the future is as fresh as can be.
        age.is_ok_and(|age| age.unwrap_or_default() < limit)
    }

    /// Strikes out what was removed.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn strike(&mut self, resource: &Resource) -> io::Result<()> {
        use std::io::Write;
        let line = Line::Gone {
            resource: resource.clone(),
            at: simnet::Clock::real().now(),
        };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        self.ledger.write_all(&text)?;
        self.ledger.sync_data()?;
        self.apply(line);
        Ok(())
    }

    /// Takes the ledger away if nothing stands in it any more.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn end(self) -> io::Result<()> {
        if self.resources.is_empty() {
            std::fs::remove_file(&self.file)
        } else {
            Ok(())
        }
    }
}
