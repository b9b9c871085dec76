//! What happens in a run, as data.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::run::Partition;

/// Version of the record format; grows when a field is added or changes its meaning.
pub const VERSION: u32 = 5;

/// One line of the journal: the envelope round an [`Event`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Format version, [`VERSION`].
    pub v: u32,
    /// The run's id.
    pub run: String,
    /// The scenario's name, if the event belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// Number of the record in this journal, from 0, without gaps.
    pub seq: u64,
    /// The machine's time.
    pub wall: Timestamp,
    /// The world's time, which runs by itself in virtual time.
    #[serde(rename = "virtual", default, skip_serializing_if = "Option::is_none")]
    pub virtual_time: Option<Timestamp>,
    /// The cluster concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Index of the scenario's step, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The run begins; always the first record.
    RunStarted {
        /// Version of multiplane.
        version: String,
        /// Number of scenarios planned.
        scenarios: usize,
        /// Which part of a suite they are (`--partition`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<Partition>,
    },
    /// A scenario begins.
    ScenarioStarted {
        /// Its file.
        file: String,
        /// The backend that runs its clusters.
        backend: String,
        /// Every draw of this run follows from it.
        seed: u64,
        /// Ids of its clusters, in the file's order.
        clusters: Vec<String>,
        /// Number of steps.
        steps: usize,
        /// What `--matrix` held fixed.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        matrix: BTreeMap<String, String>,
        /// Which attempt it is, from 1. A later one follows a failure of the environment, and stands for the scenario.
        #[serde(default = "first", skip_serializing_if = "is_first")]
        attempt: usize,
        /// Its failure does not fail the run: until when, whose business it is, and where it is told of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quarantine: Option<String>,
        /// What else the command line said of its clusters, as options of a command that runs it again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        options: Vec<String>,
        /// The capsule that it was run from; its file is inside of that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capsule: Option<String>,
    },
    /// A cluster answers.
    ClusterReady {
        /// Milliseconds of real time from the request.
        millis: u64,
    },
    /// A step begins.
    StepStarted {
        /// Its verb.
        verb: String,
        /// What it does, in one line.
        title: String,
        /// Line in the scenario's file, from 1.
        line: usize,
    },
    /// Something worth telling inside a step.
    Note {
        /// How much it matters.
        level: Level,
        /// One line.
        text: String,
    },
    /// A fault is being made; from now on it may bite.
    FaultMade {
        /// Its id.
        fault: String,
        /// What it is, in one line.
        title: String,
        /// The clusters that it befalls.
        clusters: Vec<String>,
    },
    /// A fault is in force no more.
    FaultMended {
        /// Its id.
        fault: String,
    },
    /// An execution was submitted.
    Submitted {
        /// The submit step's id.
        submit: String,
        /// The execution's name.
        execution: String,
        /// Where it should go by the rules, from the configuration and labels of this moment.
        prediction: Option<Prediction>,
    },
    /// Where an execution ran, and whether that was right.
    Placement(PlacementVerdict),
    /// A step ended.
    StepFinished {
        /// How.
        outcome: Outcome,
        /// Stable code of the failure.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// What failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Milliseconds of real time.
        millis: u64,
        /// Milliseconds of the world's time.
        virtual_millis: u64,
    },
    /// A scenario ended.
    ScenarioFinished {
        /// How.
        outcome: Outcome,
        /// Milliseconds of real time.
        millis: u64,
        /// Milliseconds of the world's time.
        virtual_millis: u64,
    },
    /// The run ended; always the last record.
    RunFinished {
        /// The process's exit code.
        exit: u8,
    },
}

impl Event {
    /// Its texts for people, which may tell what comes from outside.
    pub(crate) fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let (text, more) = match self {
            Self::StepStarted { title, .. } | Self::FaultMade { title, .. } => (Some(title), None),
            Self::Note { text, .. } => (Some(text), None),
            Self::StepFinished { message, .. } => (message.as_mut(), None),
            Self::Placement(verdict) => {
                let error = verdict.admin.as_mut().and_then(|admin| admin.error.as_mut());
                (error, Some(&mut verdict.faults))
            }
            _ => (None, None),
        };
        text.into_iter().chain(more.into_iter().flatten())
    }
}

fn first() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_first(attempt: &usize) -> bool {
    *attempt == 1
}

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Shown with `--verbose`.
    Detail,
    /// Shown always.
    Info,
    /// Shown always, and stands out.
    Warning,
}

/// How a step or scenario ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// As expected.
    Passed,
    /// The product under test did not do what the scenario expects.
    Failed,
    /// A scenario failed that is in quarantine: it is known, and does not fail the run.
    Quarantined,
    /// The backend cannot run it, and it was asked to leave such scenarios out.
    Skipped,
    /// The scenario cannot be run as it stands.
    Invalid,
    /// The environment failed, not the product.
    Environment,
    /// The harness itself failed.
    Fault,
    /// Stopped before its end.
    Interrupted,
}

impl PlacementVerdict {
    /// Whether it is not as expected, and had the time to be.
    pub fn is_wrong(&self) -> bool {
        !self.passed && !self.undecided
    }
}

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// The product under test: exit code 1.
    Product,
    /// The scenario, or a configuration: exit code 2.
    Scenario,
    /// The machine, the network, or a tool: exit code 3. Only these are tried again.
    Environment,
    /// The harness: exit code 5.
    Harness,
    /// Nobody can tell: it was stopped.
    Unknown,
}

impl Outcome {
    /// Whether nobody has to look: it passed, or was left out on purpose.
    pub fn is_fine(self) -> bool {
        matches!(self, Self::Passed | Self::Skipped)
    }

    /// Whose fault it is; `None` if the run does not fail by it.
    pub fn class(self) -> Option<Class> {
        match self {
            Self::Passed | Self::Quarantined | Self::Skipped => None,
            Self::Failed => Some(Class::Product),
            Self::Invalid => Some(Class::Scenario),
            Self::Environment => Some(Class::Environment),
            Self::Fault => Some(Class::Harness),
            Self::Interrupted => Some(Class::Unknown),
        }
    }
}

/// What the placement rules say of one execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// The cluster, or `None` where placement itself fails.
    pub cluster: Option<String>,
    /// Why, in one line: label, its source, the pool.
    pub reason: String,
    /// The label that decided, if one did.
    pub label: Option<String>,
    /// Where the label came from.
    pub label_source: String,
    /// Which pool was drawn from.
    pub pool_source: String,
}

/// The admin API's answer about an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admin {
    /// The recorded cluster; empty if creation failed.
    pub cluster: String,
    /// Phase, as the API names it.
    pub phase: String,
    /// The error's message, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Objects of an execution that were seen in one cluster, at any time since it was submitted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// FlyteWorkflow objects, as `namespace/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<String>,
    /// Pods, as `namespace/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<String>,
    /// Those of the FlyteWorkflow objects that are there no longer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
    /// When the first of them was seen: milliseconds of the world's time after the execution was submitted. `None` if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_millis: Option<u64>,
}

/// Phases that never change again.
const TERMINAL: [&str; 4] = ["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"];

impl Admin {
    /// Whether its phase is one that never changes again.
    pub(crate) fn is_over(&self) -> bool {
        TERMINAL.contains(&self.phase.as_str())
    }
}

impl Sighting {
    /// Whether there were FlyteWorkflow objects, and all of them are gone.
    pub(crate) fn is_gone(&self) -> bool {
        !self.workflows.is_empty() && self.gone.len() == self.workflows.len()
    }
}

/// The first divergence of an execution from what is expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stray {
    /// The cluster.
    pub cluster: String,
    /// When it was seen there: milliseconds of the world's time after it was submitted.
    pub after_millis: u64,
}

/// Where one execution ran: the witnesses, and the judgement on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlacementVerdict {
    /// The submit step's id.
    pub submit: String,
    /// The execution's name.
    pub execution: String,
    /// Clusters where it may be; empty if any will do, or none.
    pub expected: Vec<String>,
    /// It must be in no cluster at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nowhere: bool,
    /// Who placed it: `reference` or `upstream`.
    pub placed_by: String,
    /// What the admin API says.
    pub admin: Option<Admin>,
    /// What was seen, by cluster. A cluster without a sighting is absent.
    pub seen: BTreeMap<String, Sighting>,
    /// What the rules say; shown beside the witnesses, never part of the judgement.
    pub prediction: Option<Prediction>,
    /// How long absence elsewhere was watched, in milliseconds of the world's time.
    pub watched_millis: u64,
    /// Where it went first that it must not go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strayed: Option<Box<Stray>>,
    /// Whether it is as expected.
    pub passed: bool,
    /// Not as expected yet, when another execution had already failed for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undecided: bool,
    /// What is wrong, one line each; empty if passed.
    pub faults: Vec<String>,
}
