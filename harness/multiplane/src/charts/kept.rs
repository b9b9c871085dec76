//! Charts of repositories in a capsule: the archives by their digest, and which step's chart is which.

use std::collections::BTreeMap;
use std::path::Path;

use scenario::verb::{Deploy, Fetched};
use scenario::{Scenario, Verb};
use serde::{Deserialize, Serialize};

use crate::capsule::CapsuleError;

/// Which chart is which, beside the archives.
const LIST: &str = "charts.json";

/// A chart as a step asks for it, and what was fetched.
#[derive(Serialize, Deserialize)]
struct Kept {
    repo: String,
    chart: String,
    /// As the step asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    version: String,
    digest: String,
}

impl Kept {
    fn of(step: &Deploy) -> Option<(Self, &Fetched)> {
        let (repo, fetched) = step.repo.as_ref().zip(step.fetched.as_ref())?;
        let kept = Self {
            repo: repo.value.clone(),
            chart: step.chart.value.clone(),
            range: step.version.as_ref().map(|range| range.value.clone()),
            version: fetched.version.clone(),
            digest: fetched.digest.clone(),
        };
        Some((kept, fetched))
    }

    fn is_of(&self, step: &Deploy) -> bool {
        let range = step.version.as_ref().map(|range| &range.value);
        step.repo.as_ref().is_some_and(|repo| repo.value == self.repo) && step.chart.value == self.chart && range == self.range.as_ref()
    }

    fn archive(&self) -> String {
        format!("{}.tgz", self.digest)
    }
}

/// What a capsule carries of the charts that were fetched, by name; nothing if there are none.
pub(crate) fn pack(scenario: &Scenario) -> Result<BTreeMap<String, Vec<u8>>, CapsuleError> {
    let mut files = BTreeMap::new();
    let mut list = Vec::new();
    for step in &scenario.steps {
        let (Verb::Deploy(step) | Verb::Upgrade(step)) = &step.verb else {
            continue;
        };
        let Some((kept, fetched)) = Kept::of(step) else { continue };
        let content = std::fs::read(&fetched.archive).map_err(CapsuleError::file(&fetched.archive))?;
        files.insert(kept.archive(), content);
        list.push(kept);
    }
    if !list.is_empty() {
        let json = serde_json::to_vec_pretty(&list).map_err(|error| CapsuleError::form(LIST, error))?;
        files.insert(LIST.to_owned(), json);
    }
    Ok(files)
}

/// Notes in a scenario's steps the charts that a capsule has laid out in a folder.
pub(crate) fn unpack(folder: &Path, scenario: &mut Scenario) -> Result<(), CapsuleError> {
    let file = folder.join(LIST);
    if !file.exists() {
        return Ok(());
    }
    let text = std::fs::read(&file).map_err(CapsuleError::file(&file))?;
    let list: Vec<Kept> = serde_json::from_slice(&text).map_err(|error| CapsuleError::form(&file, error))?;
    for step in &mut scenario.steps {
        let (Verb::Deploy(step) | Verb::Upgrade(step)) = &mut step.verb else {
            continue;
        };
        step.fetched = list.iter().find(|kept| kept.is_of(step)).map(|kept| Fetched {
            archive: folder.join(kept.archive()),
            version: kept.version.clone(),
            digest: kept.digest.clone(),
        });
    }
    Ok(())
}
