//! Reading a journal back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::event::{Record, VERSION};

/// Why a journal cannot be read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// The file cannot be read.
    #[error("cannot read journal {0}: {1}")]
    Read(PathBuf, io::Error),
    /// A line is no record.
    #[error("{0}:{1}: not a journal record: {2}")]
    Line(PathBuf, usize, serde_json::Error),
    /// The journal was written by a later multiplane.
    #[error("{0}: journal format {1}, this multiplane reads up to {VERSION}")]
    Version(PathBuf, u32),
}

/// All records of a journal. A last line that was cut off, as a killed run leaves it, is dropped.
///
/// # Errors
/// If the file cannot be read or is no journal.
pub fn read(path: &Path) -> Result<Vec<Record>, JournalError> {
    let text = fs::read_to_string(path).map_err(|error| JournalError::Read(path.to_owned(), error))?;
    let mut records = Vec::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        match serde_json::from_str::<Record>(line) {
            Ok(record) if record.v > VERSION => return Err(JournalError::Version(path.to_owned(), record.v)),
            Ok(record) => records.push(record),
            Err(_) if !line.ends_with('\n') => break,
            Err(error) => return Err(JournalError::Line(path.to_owned(), index + 1, error)),
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::super::{Event, Journal};
    use super::*;

    fn written(extra: &str) -> Result<Vec<Record>, JournalError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        let journal = Journal::new("r1".into(), Some(&path), Vec::new()).unwrap();
        journal.emit(Event::RunStarted {
            version: "0".into(),
            scenarios: 0,
            partition: None,
        });
        journal.emit(Event::RunFinished { exit: 0 });
        fs::write(&path, fs::read_to_string(&path).unwrap() + extra).unwrap();
        read(&path)
    }

    #[test]
    fn reads_what_was_written_and_forgives_only_a_cut_last_line() {
        let records = written("{\"v\":1,\"run\"").unwrap();
        assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [0, 1]);
        assert!(matches!(records[1].event, Event::RunFinished { exit: 0 }));
        assert!(matches!(written("{\"v\":1,\"run\"\n"), Err(JournalError::Line(_, 3, _))));
        let later = r#"{"v":9,"run":"r","seq":0,"wall":"2026-01-01T00:00:00Z","type":"runFinished","exit":0}"#;
        assert!(matches!(written(later), Err(JournalError::Version(_, 9))));
    }
}
