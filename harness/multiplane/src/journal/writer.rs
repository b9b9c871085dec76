//! Recording: a journal file, and folds that render as records come.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use simnet::Clock;

use super::event::{Event, Record, VERSION};
use crate::run::Partition;
use crate::secrets::Secrets;
use crate::stopwatch::wall;

/// Renders records as they come. Folds decide nothing.
pub trait Fold: Send {
    /// Takes the next record.
    fn record(&mut self, record: &Record);

    /// Whether it wants to see what steps wait for, too, which is told to nobody who comes later.
    fn follows(&self) -> bool {
        false
    }

    /// Takes what the step of a scenario that runs waits for at this moment.
    fn glimpse(&mut self, _scenario: &str, _seen: &[String]) {}
}

/// Where a run's events go: to the file, if there is one, then to every fold.
///
/// Shared by all scenarios of the run, which may run side by side.
#[derive(Clone)]
pub struct Journal(Arc<Mutex<Inner>>);

struct Inner {
    run: String,
    seq: u64,
    file: Option<File>,
    failed: Option<io::Error>,
    /// By scenario.
    secrets: HashMap<String, Secrets>,
    folds: Vec<Box<dyn Fold>>,
}

impl Journal {
    /// A journal of the run `run`, written to `file` if given.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn new(run: String, file: Option<&Path>, folds: Vec<Box<dyn Fold>>) -> io::Result<Self> {
        let file = file.map(File::create).transpose()?;
        Ok(Self(Arc::new(Mutex::new(Inner {
            run,
            seq: 0,
            file,
            failed: None,
            secrets: HashMap::new(),
            folds,
        }))))
    }

    /// Records that a run begins: always the first record.
    pub fn begin(&self, scenarios: usize, partition: Option<Partition>) {
        self.emit(Event::RunStarted {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenarios,
            partition,
        });
    }

    /// Records what belongs to no scenario.
    pub fn emit(&self, event: Event) {
        self.record(None, None, None, None, event);
    }

    /// An emitter for one scenario, on its world's clock. All of a scenario know the same secrets.
    pub fn scenario(&self, name: &str, clock: Clock) -> Emitter {
        let secrets = self.lock().secrets.entry(name.to_owned()).or_default().clone();
        Emitter {
            journal: self.clone(),
            scenario: name.to_owned(),
            clock,
            secrets,
            step: None,
            cluster: None,
        }
    }

    /// The first error of writing the file, if one happened: the run goes on without it, but must not pass.
    pub fn write_error(&self) -> Option<io::Error> {
        self.lock().failed.take()
    }

    fn record(&self, scenario: Option<&str>, virtual_time: Option<Timestamp>, cluster: Option<&str>, step: Option<usize>, event: Event) {
        let mut inner = self.lock();
        let record = Record {
            v: VERSION,
            run: inner.run.clone(),
            scenario: scenario.map(Into::into),
            seq: inner.seq,
            wall: wall(),
            virtual_time,
            cluster: cluster.map(Into::into),
            step,
            event,
        };
        inner.seq += 1;
        inner.write(&record);
        for fold in &mut inner.folds {
            fold.record(&record);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn write(&mut self, record: &Record) {
        let Some(file) = &mut self.file else { return };
        let written = serde_json::to_vec(record).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            file.write_all(&line)
        });
        if let Err(error) = written {
            self.file = None;
            self.failed = Some(error);
        }
    }
}

/// Records the events of one scenario.
#[derive(Clone)]
pub struct Emitter {
    journal: Journal,
    scenario: String,
    clock: Clock,
    secrets: Secrets,
    step: Option<usize>,
    cluster: Option<String>,
}

impl Emitter {
    /// The same for events of one step.
    #[must_use]
    pub fn step(&self, index: usize) -> Self {
        Self {
            step: Some(index),
            ..self.clone()
        }
    }

    /// The same for events of one cluster.
    #[must_use]
    pub fn cluster(&self, id: &str) -> Self {
        Self {
            cluster: Some(id.to_owned()),
            ..self.clone()
        }
    }

    /// What of the scenario must not be told.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Records an event, without the scenario's secrets.
    pub fn emit(&self, mut event: Event) {
        event.texts().for_each(|text| self.secrets.clean(text));
        self.journal.record(
            Some(&self.scenario),
            Some(self.clock.now()),
            self.cluster.as_deref(),
            self.step,
            event,
        );
    }

    /// Whether anybody wants to see what steps wait for while they do.
    pub(crate) fn is_followed(&self) -> bool {
        self.journal.lock().folds.iter().any(|fold| fold.follows())
    }

    /// Shows what the step waits for, without the scenario's secrets, to those who look. It is not recorded.
    pub(crate) fn glimpse(&self, mut seen: Vec<String>) {
        seen.iter_mut().for_each(|text| self.secrets.clean(text));
        let mut inner = self.journal.lock();
        let folds = inner.folds.iter_mut().filter(|fold| fold.follows());
        folds.for_each(|fold| fold.glimpse(&self.scenario, &seen));
    }

    /// Records a note.
    pub fn note(&self, level: super::Level, text: impl Into<String>) {
        self.emit(Event::Note { level, text: text.into() });
    }
}
