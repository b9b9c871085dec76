//! Several journals as one: the parts of a suite that ran on several machines, or the cells of a matrix.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use thiserror::Error;

use super::close::close;
use super::event::{Event, Record};
use crate::exit::Exit;
use crate::run::Partition;

/// A journal that was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its file, for messages.
    pub path: PathBuf,
    /// Its records.
    pub records: Vec<Record>,
}

/// What several journals say together.
#[derive(Clone, Debug)]
pub struct Merged {
    /// One stream for the folds: every scenario has an end, and so has the run.
    pub records: Vec<Record>,
    /// The lowest code of all that is not 0.
    pub exit: Exit,
    /// What a reader of the results must know: runs that were interrupted, parts that are missing.
    pub remarks: Vec<String>,
}

/// Why journals do not go together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MergeError {
    /// A scenario is in two of them, on the same backend and in the same cell of the matrix: which result counts?
    #[error("scenario {scenario} ({cell}) is in two journals: {} and {}", .first.display(), .second.display())]
    Twice {
        /// The scenario's name.
        scenario: String,
        /// Backend and cell.
        cell: String,
        /// One journal.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
}

/// Joins journals, in the order given.
///
/// A scenario that ran in several cells of a matrix bears its cell in its name.
///
/// # Errors
/// If they contain a scenario twice.
pub fn merge(sources: Vec<Source>) -> Result<Merged, MergeError> {
    let cells = cells(&sources)?;
    let mut remarks = Vec::new();
    let mut exits = Vec::new();
    if let Some(missing) = missing(&sources) {
        remarks.push(missing);
        exits.push(Exit::Environment);
    }
    let mut merged = Merged {
        records: Vec::new(),
        exit: Exit::Passed,
        remarks: Vec::new(),
    };
    let base = sources.iter().find_map(|source| source.records.last()).cloned();
    let mut planned = 0;
    let mut version = None;
    for source in sources {
        let closed = close(source.records);
        planned += closed.planned;
        version = version.or(closed.version);
        exits.push(closed.exit.unwrap_or(Exit::Interrupted));
        if closed.exit.is_none() {
            remarks.push(format!(
                "{}: the journal has no end: the run was interrupted",
                source.path.display()
            ));
        }
        if closed.begun < closed.planned {
            let never = closed.planned - closed.begun;
            remarks.push(format!(
                "{}: {never} of {} scenarios never began",
                source.path.display(),
                closed.planned
            ));
        }
        merged
            .records
            .extend(closed.records.into_iter().map(|record| renamed(record, &source.path, &cells)));
    }
    merged.exit = exits.into_iter().filter(|exit| *exit != Exit::Passed).min().unwrap_or(Exit::Passed);
    merged.remarks = remarks;
    if let Some(base) = base {
        frame(&mut merged, &base, planned, version.unwrap_or_default());
    }
    Ok(merged)
}

/// Name in the merged report by journal and scenario, for scenarios that are in several cells.
type Names = BTreeMap<(PathBuf, String), String>;

fn cells(sources: &[Source]) -> Result<Names, MergeError> {
    let mut found: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    for source in sources {
        for record in &source.records {
            let (Some(scenario), Some(cell)) = (&record.scenario, cell(&record.event)) else {
                continue;
            };
            let first = found.entry(scenario.clone()).or_default().insert(cell.clone(), source.path.clone());
            if let Some(first) = first {
                return Err(MergeError::Twice {
                    scenario: scenario.clone(),
                    cell,
                    first,
                    second: source.path.clone(),
                });
            }
        }
    }
    let several = found.into_iter().filter(|(_, cells)| cells.len() > 1);
    Ok(several
        .flat_map(|(scenario, cells)| {
            cells
                .into_iter()
                .map(move |(cell, path)| ((path, scenario.clone()), format!("{scenario} ({cell})")))
        })
        .collect())
}

/// Backend and pins of a scenario's start.
fn cell(event: &Event) -> Option<String> {
    let Event::ScenarioStarted { backend, matrix, .. } = event else {
        return None;
    };
    let pins = matrix.iter().map(|(key, value)| format!(", {key}={value}"));
    Some(backend.clone() + &pins.collect::<String>())
}

fn renamed(mut record: Record, path: &std::path::Path, names: &Names) -> Record {
    if let Some(scenario) = &record.scenario
        && let Some(name) = names.get(&(path.to_owned(), scenario.clone()))
    {
        record.scenario = Some(name.clone());
    }
    record
}

/// Parts of a suite without a journal. One journal alone is a report on one part; several claim to be the whole.
fn missing(sources: &[Source]) -> Option<String> {
    let mut counts: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    for source in sources {
        if let Some(Event::RunStarted {
            partition: Some(partition),
            ..
        }) = source.records.first().map(|record| &record.event)
        {
            *counts.entry(partition.of()).or_default().entry(partition.index()).or_default() += 1;
        }
    }
    if sources.len() < 2 {
        return None;
    }
    let mut lacking: BTreeSet<String> = BTreeSet::new();
    for (of, parts) in counts {
        // With a matrix, every cell has its own parts.
        let most = parts.values().copied().max().unwrap_or_default();
        let few = (1..=of).filter(|index| parts.get(index).copied().unwrap_or_default() < most);
        lacking.extend(
            few.filter_map(|index| format!("{index}/{of}").parse::<Partition>().ok())
                .map(|part| part.to_string()),
        );
    }
    (!lacking.is_empty()).then(|| {
        let parts: Vec<String> = lacking.into_iter().collect();
        format!("no journal, or fewer than of the other parts, for partition {}", parts.join(", "))
    })
}

/// Puts one beginning and one end round everything.
fn frame(merged: &mut Merged, base: &Record, scenarios: usize, version: String) {
    let bare = |event| Record {
        scenario: None,
        virtual_time: None,
        cluster: None,
        step: None,
        event,
        ..base.clone()
    };
    let start = bare(Event::RunStarted {
        version,
        scenarios,
        partition: None,
    });
    let end = bare(Event::RunFinished { exit: merged.exit as u8 });
    merged.records.insert(0, start);
    merged.records.push(end);
}
