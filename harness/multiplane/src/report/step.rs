//! One step as its records tell it.

use crate::journal::{Event, Level, Outcome, PlacementVerdict, Prediction, Record};

/// What is known of a step.
#[derive(Default)]
pub(super) struct Step {
    pub(super) title: String,
    /// Line in the scenario's file.
    pub(super) line: usize,
    /// When it began, in milliseconds of the world's time since the scenario did.
    pub(super) at: u64,
    pub(super) notes: Vec<Note>,
    pub(super) submitted: Vec<Submitted>,
    pub(super) verdicts: Vec<PlacementVerdict>,
    pub(super) end: Option<End>,
}

/// How a step ended.
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) millis: u64,
    pub(super) virtual_millis: u64,
}

/// Something told on the way.
pub(super) struct Note {
    pub(super) at: u64,
    pub(super) cluster: Option<String>,
    pub(super) level: Level,
    pub(super) text: String,
}

/// An execution that was submitted.
pub(super) struct Submitted {
    pub(super) at: u64,
    pub(super) submit: String,
    pub(super) execution: String,
    pub(super) prediction: Option<Prediction>,
}

impl Note {
    pub(super) fn of(record: &Record, at: u64, level: Level, text: &str) -> Self {
        Self {
            at,
            cluster: record.cluster.clone(),
            level,
            text: text.to_owned(),
        }
    }
}

impl Step {
    /// Takes a record of this step, which is from `at`.
    pub(super) fn take(&mut self, record: &Record, at: u64) {
        match &record.event {
            Event::StepStarted { title, line, .. } => {
                self.title.clone_from(title);
                self.line = *line;
                self.at = at;
            }
            Event::Note { level, text } => self.notes.push(Note::of(record, at, *level, text)),
            Event::Submitted {
                submit,
                execution,
                prediction,
            } => self.submitted.push(Submitted {
                at,
                submit: submit.clone(),
                execution: execution.clone(),
                prediction: prediction.clone(),
            }),
            Event::Placement(verdict) => self.verdicts.push(verdict.clone()),
            Event::StepFinished {
                outcome,
                code,
                message,
                millis,
                virtual_millis,
            } => {
                self.end = Some(End {
                    outcome: *outcome,
                    code: code.clone(),
                    message: message.clone(),
                    millis: *millis,
                    virtual_millis: *virtual_millis,
                });
            }
            _ => {}
        }
    }

    /// Began, and did not end.
    pub(super) fn is_open(&self) -> bool {
        self.end.is_none()
    }

    pub(super) fn is_failed(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.outcome != Outcome::Passed)
    }
}
