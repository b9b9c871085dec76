//! The ledger: what a run makes outside of this process, written down before it is made.
//!
//! One file a run, JSON lines, each forced to the disk before the act that it announces, and locked as long as the run lives. What stands in
//! it without having been struck out is left over; [`crate::backend::gc`] removes it once the run is dead, also after SIGKILL.

mod entry;
mod life;
mod location;
mod lock;
mod read;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use simnet::Clock;
use thiserror::Error;

pub use entry::{Line, Resource, ResourceKind};
pub use life::Life;
pub(crate) use location::create_private;
pub use location::{State, StateError};
use lock::Locked;
pub use read::{Left, Leftover, left};

/// Label of everything that can bear one: `dev.multiplane.run=<run>`.
pub const LABEL: &str = "dev.multiplane.run";

/// Why the ledger cannot be kept. A resource that cannot be written down is not made.
#[derive(Debug, Error)]
#[error("ledger {}: {error}", file.display())]
pub struct LedgerError {
    /// The ledger's file.
    pub file: PathBuf,
    /// What the operating system says.
    pub error: io::Error,
}

/// The ledger of one run. Clones share it.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    run: String,
    file: PathBuf,
    clock: Clock,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    file: Locked,
    /// What is there, as a later run would read it.
    standing: Vec<Resource>,
    /// Whether any of it is kept on purpose.
    kept: bool,
}

impl Ledger {
    /// Begins the ledger of a run of this process.
    ///
    /// # Errors
    /// If the file cannot be written, or another process has a run of this name.
    pub fn begin(state: &State, run: &str) -> Result<Self, LedgerError> {
        let path = state.ledger().join(format!("{run}.jsonl"));
        let failed = |error| LedgerError { file: path.clone(), error };
        state.create_ledger().map_err(failed)?;
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        // A clean-up that looks at the new file lets go of it at once: it has no first line yet.
        let file = Locked::wait(file).map_err(failed)?;
        let clock = Clock::real();
        let ledger = Self(Arc::new(Inner {
            run: run.to_owned(),
            file: path.clone(),
            open: Mutex::new(Open {
                file,
                standing: Vec::new(),
                kept: false,
            }),
            clock,
        }));
        let life = Life::of_this_process();
        ledger.write(&Line::Begin {
            v: entry::VERSION,
            run: run.to_owned(),
            life,
            at: ledger.0.clock.now(),
        })?;
        // The name of a new file lasts only once its folder is on the disk as well.
        File::open(state.ledger()).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(ledger)
    }

    /// The run's id.
    pub fn run(&self) -> &str {
        &self.0.run
    }

    /// The ledger's file.
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// Writes down what is about to be made.
    ///
    /// # Errors
    /// If it cannot be written; then it must not be made.
    pub fn announce(&self, resource: &Resource) -> Result<(), LedgerError> {
        self.write(&Line::Create {
            resource: resource.clone(),
            at: self.0.clock.now(),
        })
    }

    /// Writes down a process that makes one of the run's resources, so that it can be ended before what it makes is removed.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn process(&self, pid: u32) -> Result<(), LedgerError> {
        self.write(&Line::Process { life: Life::of(pid) })
    }

    /// Strikes out what is gone.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn strike(&self, resource: &Resource) -> Result<(), LedgerError> {
        self.write(&Line::Gone {
            resource: resource.clone(),
            at: self.0.clock.now(),
        })
    }

    /// Marks what the user asked to keep: `gc` leaves it alone until told otherwise.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(&self, resource: &Resource) -> Result<(), LedgerError> {
        self.write(&Line::Keep {
            resource: resource.clone(),
        })
    }

    /// What stands in it, in the order in which it was made.
    pub fn standing(&self) -> Vec<Resource> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).standing.clone()
    }

    /// Whether anything is kept on purpose.
    pub fn keeps(&self) -> bool {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).kept
    }

    /// Ends the ledger: takes the file away if nothing is left over.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn end(&self) -> Result<bool, LedgerError> {
        let open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.standing.is_empty() {
            return Ok(false);
        }
        std::fs::remove_file(&self.0.file).map_err(|error| self.failed(error))?;
        Ok(true)
    }

    fn write(&self, line: &Line) -> Result<(), LedgerError> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = serde_json::to_vec(line).map_err(|error| self.failed(error.into()))?;
        text.push(b'\n');
        open.file.write_all(&text).map_err(|error| self.failed(error))?;
        open.file.sync_data().map_err(|error| self.failed(error))?;
        match line {
            Line::Create { resource, .. } if !open.standing.contains(resource) => open.standing.push(resource.clone()),
            Line::Keep { .. } => open.kept = true,
            Line::Gone { resource, .. } => open.standing.retain(|other| other != resource),
            _ => {}
        }
        Ok(())
    }

    fn failed(&self, error: io::Error) -> LedgerError {
        LedgerError {
            file: self.0.file.clone(),
            error,
        }
    }
}

#[cfg(test)]
mod tests;
