//! Keeping all records, for what is made once the run has ended.

use std::sync::{Arc, Mutex, PoisonError};

use super::event::Record;
use super::writer::Fold;

/// Keeps all records. Copies share them.
#[derive(Clone, Debug, Default)]
pub struct Kept(Arc<Mutex<Vec<Record>>>);

impl Kept {
    /// The records so far; they stay.
    pub fn so_far(&self) -> Vec<Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The records so far; they are taken away.
    pub fn records(&self) -> Vec<Record> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Fold for Kept {
    fn record(&mut self, record: &Record) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
    }
}
