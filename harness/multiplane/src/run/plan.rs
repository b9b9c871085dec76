//! What a run will do, settled before it starts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use scenario::{Given, Invalid, Loaded, Step, Verb};

use super::ends::Overtime;
use super::kinds::known_to;
use super::pause::Pause;
use super::quarantine::Standing;
use crate::findings::Findings;
use crate::journal::Event;

/// One scenario with everything that the command line decides about it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario, checked.
    pub loaded: Loaded,
    /// Every draw of the run follows from it.
    pub seed: u64,
    /// The run's id.
    pub run: String,
    /// The cell of the scenario's matrix, and what `--matrix` holds fixed.
    pub matrix: BTreeMap<String, String>,
    /// Which attempt this is, from 1.
    pub attempt: usize,
    /// What is done when a step fails, before the clusters go; `None` if nothing is.
    pub pause: Option<Pause>,
    /// Where what the clusters hold is kept when a step fails; `None` if nobody will look.
    pub findings: Option<Findings>,
    /// What its quarantine does, if it is in one.
    pub quarantine: Option<Standing>,
    /// Why it is left out of the run; `None` if it is not.
    pub skip: Option<Skip>,
    /// What else the command line said of the clusters, for the command that runs it again.
    pub options: Vec<String>,
    /// The capsule that it is in, if it is in one.
    pub inside: Option<Inside>,
    /// Told why, if it is to end because the run as a whole takes too long.
    pub overtime: Overtime,
}

/// Where a scenario is kept whose file is laid out for the run only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// The capsule.
    pub capsule: PathBuf,
    /// The scenario's file as people are told of it: the path of the capsule, and the one in it.
    pub file: PathBuf,
}

/// Why a scenario is left out of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The backend that cannot run it.
    pub backend: String,
    /// What it lacks.
    pub why: String,
}

impl Plan {
    /// Plans a scenario file that has no matrix. `seed` wins over the file's own.
    ///
    /// # Errors
    /// If the file is not a valid scenario, or several.
    pub fn new(file: &Path, seed: Option<u64>, run: &str) -> Result<Self, Invalid> {
        let given = known_to(run);
        Ok(Self::of(scenario::only(file, scenario::load_all(file, &given)?)?, seed, run))
    }

    /// Plans a scenario that is at hand as text; `file` is shown in errors, and paths count from it.
    ///
    /// # Errors
    /// If the text is not a valid scenario, or several.
    pub fn of_text(file: &Path, text: &str, seed: Option<u64>, run: &str) -> Result<Self, Invalid> {
        let given = known_to(run);
        Ok(Self::of(scenario::only(file, scenario::parse_all(file, text, &given)?)?, seed, run))
    }

    /// Plans the scenarios of a file, one for each cell of its matrix, for a run of which this is `given`.
    ///
    /// # Errors
    /// If the file is not a valid scenario.
    pub fn all(file: &Path, seed: Option<u64>, given: &Given) -> Result<Vec<Self>, Invalid> {
        Ok(Self::each(scenario::load_all(file, given)?, seed, given))
    }

    /// As [`all`](Self::all), for a text that is at hand.
    ///
    /// # Errors
    /// If the text is not a valid scenario.
    pub fn all_of_text(file: &Path, text: &str, seed: Option<u64>, given: &Given) -> Result<Vec<Self>, Invalid> {
        Ok(Self::each(scenario::parse_all(file, text, given)?, seed, given))
    }

    fn each(cells: Vec<Loaded>, seed: Option<u64>, given: &Given) -> Vec<Self> {
        cells.into_iter().map(|loaded| Self::of(loaded, seed, &given.run)).collect()
    }

    fn of(loaded: Loaded, seed: Option<u64>, run: &str) -> Self {
        let seed = seed.unwrap_or(loaded.scenario.settings.seed);
        let quarantine = loaded.scenario.metadata.quarantine.as_ref().map(Standing::today);
        Self {
            matrix: loaded.cell.clone(),
            loaded,
            seed,
            run: run.to_owned(),
            attempt: 1,
            pause: None,
            findings: None,
            quarantine,
            skip: None,
            options: Vec::new(),
            inside: None,
            overtime: Overtime::default(),
        }
    }

    /// The scenario's name.
    pub fn name(&self) -> &str {
        &self.loaded.scenario.metadata.name.value
    }

    /// The event of its start on a backend.
    pub(crate) fn started(&self, backend: &str) -> Event {
        let scenario = &self.loaded.scenario;
        Event::ScenarioStarted {
            file: self
                .inside
                .as_ref()
                .map_or(scenario.file.as_path(), |inside| &inside.file)
                .display()
                .to_string(),
            backend: backend.to_owned(),
            seed: self.seed,
            clusters: scenario.clusters.keys().cloned().collect(),
            steps: scenario.steps.len(),
            matrix: self.matrix.clone(),
            attempt: self.attempt,
            quarantine: self
                .quarantine
                .as_ref()
                .filter(|standing| !standing.over)
                .map(|standing| standing.words.clone()),
            options: self.options.clone(),
            capsule: self.inside.as_ref().map(|inside| inside.capsule.display().to_string()),
        }
    }

    /// How much there is to do, compared with other plans: clusters and executions.
    pub fn weight(&self) -> usize {
        let scenario = &self.loaded.scenario;
        let executions = scenario.steps.iter().map(|step| match &step.verb {
            Verb::Submit(submit) => submit.names.len().max(usize::try_from(submit.count).unwrap_or(usize::MAX)),
            _ => 0,
        });
        executions.fold(4 * scenario.clusters.len(), usize::saturating_add)
    }

    /// What the steps would do, one line each.
    pub fn titles(&self) -> Vec<String> {
        self.loaded.scenario.steps.iter().map(Step::title).collect()
    }
}
