//! What `multiplane run` prints.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::github;
use super::live::{Above, Live};
use super::placement::table;
use super::text::{Style, count, duration};
use crate::journal::{Event, Fold, Level, Outcome, PlacementVerdict, Record};

/// How much is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Results only.
    Quiet,
    /// Steps and placement tables.
    Normal,
    /// Notes of every level too.
    Verbose,
}

/// Prints a run to a stream: each scenario as one block once it ends, or live where there is only one.
pub struct Console<W> {
    out: W,
    style: Style,
    detail: Detail,
    live: bool,
    /// Whether GitHub Actions reads it.
    github: bool,
    scenarios: BTreeMap<String, Block>,
    outcomes: BTreeMap<String, Outcome>,
    /// Scenarios of which this is not the first attempt.
    again: BTreeSet<String>,
    planned: usize,
    /// Whether failures end with the command that shows them again.
    names_command: bool,
}

/// A scenario under way.
#[derive(Default)]
struct Block {
    text: String,
    clusters: Vec<String>,
    file: String,
    /// The command that runs it again.
    command: String,
    /// Its failure does not fail the run.
    quarantined: bool,
    /// Title and line of steps under way.
    titles: BTreeMap<usize, (String, usize)>,
    verdicts: BTreeMap<usize, Vec<PlacementVerdict>>,
}

impl<W: Write + Send> Console<W> {
    /// Prints to `out` in plain text.
    pub fn plain(out: W, detail: Detail) -> Self {
        Self {
            out,
            style: Style::PLAIN,
            detail,
            live: false,
            github: false,
            scenarios: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            again: BTreeSet::new(),
            planned: 0,
            names_command: false,
        }
    }

    /// Ends each failure with the command that runs the scenario again in the same way.
    #[must_use]
    pub fn names_command(self, names_command: bool) -> Self {
        Self { names_command, ..self }
    }

    /// Writes for GitHub Actions: what passed in groups that fold, what failed as annotations, too.
    #[must_use]
    pub fn github(self, github: bool) -> Self {
        Self { github, ..self }
    }

    fn print(&mut self, text: &str) {
        // A closed pipe (`| head`) must not stop the run.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    /// A note that belongs to no step: before the first, or on what became of the scenario's world.
    fn note(&mut self, scenario: &str, level: Level, text: &str) {
        if self.detail == Detail::Quiet && level != Level::Warning || self.detail != Detail::Verbose && level == Level::Detail {
            return;
        }
        let lines = text.lines().map(|line| match level {
            Level::Warning => format!("    {}\n", self.style.warn(line)),
            _ => format!("    {}\n", self.style.dim(line)),
        });
        let text: String = lines.collect();
        match self.scenarios.get_mut(scenario) {
            Some(block) if !self.live => block.text += &text,
            Some(_) => self.print(&text),
            // The scenario has ended: its name tells which.
            None if self.live => self.print(&text),
            None => self.print(&format!("  {}\n{text}", self.style.dim(scenario))),
        }
    }

    fn step(&mut self, scenario: &str, step: usize, event: &Event) {
        let style = self.style;
        let block = self.scenarios.entry(scenario.to_owned()).or_default();
        match event {
            Event::StepStarted { title, line, .. } => {
                block.titles.insert(step, (title.clone(), *line));
            }
            Event::Note { level, text } => self.note(scenario, *level, text),
            Event::Placement(verdict) => block.verdicts.entry(step).or_default().push(verdict.clone()),
            Event::StepFinished {
                outcome,
                code,
                message,
                virtual_millis,
                ..
            } => {
                let verdicts = block.verdicts.remove(&step).unwrap_or_default();
                let (title, line) = block.titles.remove(&step).unwrap_or_default();
                let waited = if *virtual_millis >= 1000 {
                    style.dim(&format!("  {}", duration(*virtual_millis)))
                } else {
                    String::new()
                };
                block.text += &format!("  {} {title}{waited}\n", style.mark(*outcome));
                if !verdicts.is_empty() {
                    block.text += &table(&verdicts, &block.clusters, "      ", style);
                }
                if let Some(message) = message {
                    let code = code.as_ref().map_or(String::new(), |code| format!("[{code}] "));
                    let place = format!("{}:{line}", block.file);
                    block.text += &format!("      {}\n", style.dim(&place));
                    for (index, text) in message.lines().enumerate() {
                        let head = if index == 0 { style.bad(&code) } else { String::new() };
                        block.text += &format!("      {head}{text}\n");
                    }
                    if self.github {
                        block.text += &github::annotation(!block.quarantined, &block.file, line, &format!("{scenario}: {title}"), message);
                    }
                }
            }
            _ => {}
        }
    }

    fn finish_scenario(&mut self, scenario: &str, outcome: Outcome, millis: u64, virtual_millis: u64) {
        self.outcomes.insert(scenario.to_owned(), outcome);
        let block = self.scenarios.remove(scenario).unwrap_or_default();
        if self.detail == Detail::Quiet && outcome.is_fine() {
            return;
        }
        let mut text = String::new();
        if !self.live {
            text += &format!("{}\n", self.style.bold(scenario));
        }
        text += &block.text;
        // A step that began and did not end is where the scenario was stopped.
        for (title, line) in block.titles.values() {
            let place = self.style.dim(&format!("{}:{line}", block.file));
            text += &format!("  {} {title}\n      {place}\n", self.style.mark(outcome));
        }
        let world = if virtual_millis > millis {
            format!(" ({} of virtual time)", duration(virtual_millis))
        } else {
            String::new()
        };
        text += &match outcome {
            Outcome::Skipped => format!("  {}\n", self.style.outcome(outcome)),
            _ => format!("  {} in {}{world}\n", self.style.outcome(outcome), duration(millis)),
        };
        if self.names_command && !outcome.is_fine() {
            text += &format!("  {}\n", self.style.dim(&format!("again: {}", block.command)));
        }
        text.push('\n');
        if self.github && !self.live && outcome == Outcome::Passed {
            text = github::group(&format!("{scenario}: passed in {}", duration(millis)), &text);
        }
        self.print(&text);
    }

    fn finish_run(&mut self, exit: u8) {
        let number = |of| self.outcomes.values().filter(|outcome| **outcome == of).count();
        let (passed, known, skipped) = (number(Outcome::Passed), number(Outcome::Quarantined), number(Outcome::Skipped));
        let failed = self.outcomes.len() - passed - known - skipped;
        let some = |number: usize, what: &str| match number {
            0 => String::new(),
            number => format!(", {number} {what}"),
        };
        let (known, skipped) = (some(known, "failed in quarantine"), some(skipped, "skipped"));
        let never = some(self.planned.saturating_sub(self.outcomes.len()), "never began");
        let again = match self.again.len() {
            0 => String::new(),
            _ => format!(
                "; more than one attempt: {}",
                self.again.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            ),
        };
        let line = format!(
            "{}: {passed} passed, {failed} failed{known}{skipped}{never}{again}",
            count(self.outcomes.len(), "scenario")
        );
        let line = if exit == 0 { self.style.good(&line) } else { self.style.bad(&line) };
        self.print(&format!("{line}\n"));
    }
}

impl Console<std::io::Stdout> {
    /// Prints to standard output, in colour on a terminal.
    pub fn stdout(detail: Detail) -> Self {
        Self {
            style: Style::stdout(),
            ..Self::plain(std::io::stdout(), detail)
        }
    }
}

impl Console<Above> {
    /// Prints to standard output, in colour, above the lines that tell what is under way.
    pub fn above(live: &Live, detail: Detail) -> Self {
        Self {
            style: Style::stdout(),
            ..Self::plain(Above::new(live), detail)
        }
    }
}

impl<W: Write + Send> Fold for Console<W> {
    fn record(&mut self, record: &Record) {
        let scenario = record.scenario.as_deref().unwrap_or_default();
        match &record.event {
            // What passed is not told of when quiet, and that is known at the end.
            Event::RunStarted { scenarios, .. } => {
                self.planned = *scenarios;
                self.live = *scenarios == 1 && self.detail != Detail::Quiet;
            }
            Event::ScenarioStarted {
                file,
                clusters,
                attempt,
                quarantine,
                ..
            } => {
                if *attempt > 1 {
                    self.again.insert(scenario.to_owned());
                }
                let block = Block {
                    clusters: clusters.clone(),
                    file: file.clone(),
                    command: super::again::command(&record.event),
                    quarantined: quarantine.is_some(),
                    ..Block::default()
                };
                self.scenarios.insert(scenario.to_owned(), block);
                if self.live {
                    self.print(&format!("{}\n", self.style.bold(scenario)));
                }
            }
            Event::ScenarioFinished {
                outcome,
                millis,
                virtual_millis,
            } => self.finish_scenario(scenario, *outcome, *millis, *virtual_millis),
            Event::RunFinished { exit } => self.finish_run(*exit),
            Event::Note { level, text } if record.step.is_none() => self.note(scenario, *level, text),
            event => {
                if let Some(step) = record.step {
                    self.step(scenario, step, event);
                }
                if self.live {
                    let text = self
                        .scenarios
                        .get_mut(scenario)
                        .map(|block| std::mem::take(&mut block.text))
                        .unwrap_or_default();
                    self.print(&text);
                }
            }
        }
    }
}
