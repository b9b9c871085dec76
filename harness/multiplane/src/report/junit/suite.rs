//! One scenario as a test suite.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use quick_junit::{TestCase, TestSuite};

use super::case::{Place, Step, failed, named};
use crate::journal::{Event, Level, Outcome, Record};
use crate::report::text::word;

/// What is known of a scenario while its records pass by.
pub(super) struct Suite {
    version: String,
    run: String,
    started: Option<Timestamp>,
    properties: Vec<(String, String)>,
    file: String,
    clusters: Vec<String>,
    /// Milliseconds that each cluster took.
    ready: Vec<(String, u64)>,
    planned: usize,
    steps: BTreeMap<usize, Step>,
    /// Warnings that belong to no step: why clusters did not come, or the scenario's time ran out.
    warnings: Vec<String>,
    end: Option<(Outcome, u64, u64)>,
}

impl Suite {
    pub(super) fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            run: String::new(),
            started: None,
            properties: Vec::new(),
            file: String::new(),
            clusters: Vec::new(),
            ready: Vec::new(),
            planned: 0,
            steps: BTreeMap::new(),
            warnings: Vec::new(),
            end: None,
        }
    }

    /// Milliseconds of real time that the scenario took.
    pub(super) fn millis(&self) -> u64 {
        self.end.map_or(0, |(_, millis, _)| millis)
    }

    pub(super) fn take(&mut self, record: &Record) {
        if let Some(index) = record.step {
            return self.steps.entry(index).or_default().take(&record.event);
        }
        match &record.event {
            Event::ScenarioStarted {
                file,
                backend,
                seed,
                clusters,
                steps,
                matrix,
            } => {
                self.run.clone_from(&record.run);
                self.started = Some(record.wall);
                self.file.clone_from(file);
                self.clusters.clone_from(clusters);
                self.planned = *steps;
                let cell: String = matrix.iter().map(|(key, value)| format!(" --matrix {key}={value}")).collect();
                let property = |name: &str, value: String| (name.to_owned(), value);
                self.properties = vec![
                    property("backend", backend.clone()),
                    property("seed", seed.to_string()),
                    property("clusters", clusters.join(", ")),
                    property("again", format!("multiplane run {file} --backend {backend} --seed {seed}{cell}")),
                ];
                self.properties
                    .extend(matrix.iter().map(|(key, value)| property(&format!("matrix.{key}"), value.clone())));
            }
            Event::ClusterReady { millis } => self.ready.push((record.cluster.clone().unwrap_or_default(), *millis)),
            Event::Note {
                level: Level::Warning,
                text,
            } => self.warnings.push(text.clone()),
            Event::ScenarioFinished {
                outcome,
                millis,
                virtual_millis,
            } => self.end = Some((*outcome, *millis, *virtual_millis)),
            _ => {}
        }
    }

    pub(super) fn finish(self, name: &str) -> TestSuite {
        let (outcome, millis, virtual_millis) = self.end.unwrap_or((Outcome::Interrupted, 0, 0));
        let mut suite = TestSuite::new(name.to_owned());
        suite.set_time(Duration::from_millis(millis));
        if let Some(started) = self.started {
            suite
                .extra
                .insert("timestamp".into(), started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into());
        }
        suite.add_properties([
            ("multiplane", self.version.as_str()),
            ("run", &self.run),
            ("outcome", word(outcome)),
            ("virtual-seconds", &(virtual_millis / 1000).to_string()),
        ]);
        suite.add_properties(self.properties.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let reached = self.steps.keys().next_back().map_or(0, |last| last + 1);
        if reached < self.planned {
            suite.set_system_out(format!("steps {} to {} were not reached", reached + 1, self.planned));
        }
        suite.add_test_cases(self.cases(name, outcome));
        suite
    }

    fn cases(&self, name: &str, outcome: Outcome) -> Vec<TestCase> {
        let why = || match self.warnings.as_slice() {
            [] => word(outcome).to_owned(),
            warnings => warnings.join("\n"),
        };
        // A scenario can end badly with no step to blame: then the step under way carries it, or the clusters that never came.
        let unexplained = outcome != Outcome::Passed && !self.steps.values().any(Step::is_failed);
        let open = self.steps.iter().find(|(_, step)| step.is_open()).map(|(index, _)| *index);
        let place = Place {
            scenario: name,
            file: &self.file,
        };
        let mut cases = vec![self.clusters_case(place, (unexplained && self.steps.is_empty()).then(|| (outcome, why())))];
        cases.extend(
            self.steps
                .iter()
                .map(|(index, step)| step.case(place, *index, &self.clusters, (outcome, why()))),
        );
        if unexplained && open.is_none() && !self.steps.is_empty() {
            cases.push(named(place, "scenario", 1, failed(outcome, None, &why(), &self.file)));
        }
        cases
    }

    fn clusters_case(&self, place: Place<'_>, fault: Option<(Outcome, String)>) -> TestCase {
        let status = fault.map_or_else(quick_junit::TestCaseStatus::success, |(outcome, why)| {
            failed(outcome, None, &why, &self.file)
        });
        let mut case = named(place, "clusters", 1, status);
        // They start side by side.
        let slowest = self.ready.iter().map(|(_, millis)| *millis).max().unwrap_or_default();
        case.set_time(Duration::from_millis(slowest));
        if !self.ready.is_empty() {
            let lines: String = self
                .ready
                .iter()
                .map(|(cluster, millis)| format!("{cluster} ready in {millis} ms\n"))
                .collect();
            case.set_system_out(lines);
        }
        case
    }
}
