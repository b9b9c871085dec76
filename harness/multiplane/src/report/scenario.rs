//! One scenario as its records tell it: what reports on whole scenarios start from.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;

use super::fault::Fault;
use super::step::{Note, Step};
use crate::journal::{Event, Level, Outcome, Record};

/// What is known of a scenario once its records have passed by.
#[derive(Default)]
pub(super) struct Scenario {
    /// Version of multiplane.
    pub(super) version: String,
    pub(super) run: String,
    /// The machine's time of its start.
    pub(super) started: Option<Timestamp>,
    /// The world's time of its start.
    origin: Option<Timestamp>,
    pub(super) file: String,
    pub(super) backend: String,
    pub(super) seed: u64,
    pub(super) matrix: BTreeMap<String, String>,
    pub(super) clusters: Vec<String>,
    again: String,
    /// Milliseconds that each cluster took.
    pub(super) ready: Vec<(String, u64)>,
    pub(super) planned: usize,
    pub(super) steps: BTreeMap<usize, Step>,
    /// Notes that belong to no step.
    pub(super) notes: Vec<Note>,
    pub(super) faults: Vec<Fault>,
    end: Option<(Outcome, u64, u64)>,
    /// Earlier attempts, whose environment failed: why.
    pub(super) earlier: Vec<String>,
    /// It is in quarantine: until when, and whose business it is.
    pub(super) quarantine: Option<String>,
    /// It is a world that is up: it has no result, and what comes after its last step is its user's to do.
    pub(super) up: bool,
}

/// The scenarios of a journal, in the order they began.
pub(super) fn scenarios(records: &[Record]) -> IndexMap<&str, Scenario> {
    let mut scenarios: IndexMap<&str, Scenario> = IndexMap::new();
    let mut version = "";
    for record in records {
        if let Event::RunStarted { version: of, .. } = &record.event {
            version = of;
        }
        if let Some(name) = &record.scenario {
            let begin = || Scenario {
                version: version.to_owned(),
                ..Scenario::default()
            };
            scenarios.entry(name).or_insert_with(begin).take(record);
        }
    }
    scenarios
}

impl Scenario {
    fn take(&mut self, record: &Record) {
        let at = self.offset(record);
        match &record.event {
            Event::FaultMade { fault, title, clusters } => self.faults.push(Fault {
                id: fault.clone(),
                title: title.clone(),
                clusters: clusters.clone(),
                from: at,
                until: None,
            }),
            Event::FaultMended { fault } => {
                let made = self.faults.iter_mut().rfind(|made| made.id == *fault);
                made.into_iter().for_each(|made| made.until = Some(at));
            }
            _ => {}
        }
        if let Some(index) = record.step {
            return self.steps.entry(index).or_default().take(record, at);
        }
        match &record.event {
            Event::ScenarioStarted {
                file,
                backend,
                seed,
                clusters,
                steps,
                matrix,
                attempt,
                quarantine,
                ..
            } => {
                if *attempt > 1 {
                    self.again_from_the_start();
                }
                self.again = super::again::command(&record.event);
                self.run.clone_from(&record.run);
                self.started = Some(record.wall);
                self.file.clone_from(file);
                self.backend.clone_from(backend);
                self.seed = *seed;
                self.matrix.clone_from(matrix);
                self.clusters.clone_from(clusters);
                self.planned = *steps;
                self.quarantine.clone_from(quarantine);
            }
            Event::ClusterReady { millis } => self.ready.push((record.cluster.clone().unwrap_or_default(), *millis)),
            Event::Note { level, text } => self.notes.push(Note::of(record, at, *level, text)),
            Event::ScenarioFinished {
                outcome,
                millis,
                virtual_millis,
            } => self.end = Some((*outcome, *millis, *virtual_millis)),
            _ => {}
        }
    }

    /// The attempt so far was not the last one.
    fn again_from_the_start(&mut self) {
        let failed = self.steps.values().filter_map(|step| step.end.as_ref()?.message.clone()).next();
        let why = failed.unwrap_or_else(|| self.why());
        let mut earlier = std::mem::take(&mut self.earlier);
        earlier.push(why);
        *self = Self {
            version: std::mem::take(&mut self.version),
            earlier,
            ..Self::default()
        };
    }

    /// Milliseconds of the world's time since the scenario's first record.
    fn offset(&mut self, record: &Record) -> u64 {
        let now = record.virtual_time.unwrap_or(record.wall);
        let origin = *self.origin.get_or_insert(now);
        u64::try_from(now.as_millisecond() - origin.as_millisecond()).unwrap_or_default()
    }

    /// How it ended. Without an end it was interrupted.
    pub(super) fn outcome(&self) -> Outcome {
        self.end.map_or(Outcome::Interrupted, |(outcome, _, _)| outcome)
    }

    /// Whether its end is known.
    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// How it ended and after how long, in words.
    pub(super) fn ending(&self) -> String {
        let how = match self.up {
            true => "up for",
            false => &format!("{} in", super::text::word(self.outcome())),
        };
        format!("{how} {}", super::text::duration(self.millis()))
    }

    /// Milliseconds of real time.
    pub(super) fn millis(&self) -> u64 {
        self.end.map_or(0, |(_, millis, _)| millis)
    }

    /// Milliseconds of the world's time.
    pub(super) fn virtual_millis(&self) -> u64 {
        self.end.map_or(0, |(_, _, millis)| millis)
    }

    /// The command that runs it again in the same way.
    pub(super) fn again(&self) -> &str {
        &self.again
    }

    /// Steps that began.
    pub(super) fn reached(&self) -> usize {
        self.steps.keys().next_back().map_or(0, |last| last + 1)
    }

    /// It ended badly with no step to blame: the clusters did not come, or it was stopped.
    pub(super) fn is_unexplained(&self) -> bool {
        self.outcome() != Outcome::Passed && !self.steps.values().any(Step::is_failed)
    }

    /// Why it ended as it did, where no step tells.
    pub(super) fn why(&self) -> String {
        let telling = |note: &&Note| note.level == Level::Warning || self.outcome() == Outcome::Skipped;
        let warnings = self.notes.iter().filter(telling);
        let warnings: Vec<&str> = warnings.map(|note| note.text.as_str()).collect();
        if warnings.is_empty() {
            super::text::word(self.outcome()).to_owned()
        } else {
            warnings.join("\n")
        }
    }
}
