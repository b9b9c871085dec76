//! Charts of repositories in a capsule: the archives by their digest, and which step's chart is which.

use std::collections::BTreeMap;
use std::path::Path;

use chart::repository::INDEX;
use scenario::verb::{Deploy, Fetched};
use scenario::{Scenario, Verb};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::cache::{Cache, file};
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

    /// Whether the digest is one and names are names, since paths are made of them, and whether it is that of the archive, whoever made the capsule.
    fn check(&self, folder: &Path) -> Result<(), CapsuleError> {
        let list = folder.join(LIST);
        let (chart, digest) = (&self.chart, &self.digest);
        if digest.len() != 64 || !digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            let why = format_args!("the digest of chart {chart} is no SHA-256 in hexadecimal: {digest:?}");
            return Err(CapsuleError::form(&list, why));
        }
        if [chart, &self.version].into_iter().any(|name| name.contains(['/', '\\'])) {
            return Err(CapsuleError::form(
                &list,
                format_args!("{chart} {} is no chart's name and version", self.version),
            ));
        }
        let archive = folder.join(self.archive());
        let content = std::fs::read(&archive).map_err(CapsuleError::file(&archive))?;
        let found = data_encoding::HEXLOWER.encode(&Sha256::digest(&content));
        if found != *digest {
            let why = format_args!("the archive of chart {chart} is another one: its digest is {found}, not {digest}");
            return Err(CapsuleError::form(&list, why));
        }
        Ok(())
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

/// Puts the charts of a capsule, laid out in a folder, where commands find them that have `home` as `XDG_CACHE_HOME`; with an index of just these,
/// for when their repositories do not answer. Returns whether there are any.
pub(crate) fn lay_out(folder: &Path, home: &Path) -> Result<bool, CapsuleError> {
    let list = list(folder)?;
    let cache = Cache::below(home);
    let failed = |why: String| CapsuleError::form(home, why);
    let mut indexes: BTreeMap<&str, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
    for kept in &list {
        let archive = folder.join(kept.archive());
        let content = std::fs::read(&archive).map_err(CapsuleError::file(&archive))?;
        cache
            .keep(&kept.repo, &file(&kept.chart, &kept.version), &content)
            .map_err(failed)?;
        let offer = json!({"name": kept.chart, "version": kept.version, "digest": kept.digest, "urls": []});
        indexes.entry(&kept.repo).or_default().entry(&kept.chart).or_default().push(offer);
    }
    for (repo, entries) in indexes {
        let index = json!({"apiVersion": "v1", "entries": entries}).to_string();
        cache.keep(repo, INDEX, index.as_bytes()).map_err(failed)?;
    }
    Ok(!list.is_empty())
}

/// What a folder holds, checked.
fn list(folder: &Path) -> Result<Vec<Kept>, CapsuleError> {
    let file = folder.join(LIST);
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read(&file).map_err(CapsuleError::file(&file))?;
    let list: Vec<Kept> = serde_json::from_slice(&text).map_err(|error| CapsuleError::form(&file, error))?;
    list.iter().try_for_each(|kept| kept.check(folder))?;
    Ok(list)
}

/// Notes in a scenario's steps the charts that a capsule has laid out in a folder.
pub(crate) fn unpack(folder: &Path, scenario: &mut Scenario) -> Result<(), CapsuleError> {
    let list = list(folder)?;
    if list.is_empty() {
        return Ok(());
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever made the capsule: nothing outside of it is taken for a chart, and nothing else than what was recorded.
    #[test]
    fn forged_digests_lead_nowhere() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/guide/project-and-domain/scenario.yaml");
        let mut scenario = scenario::load(&file).unwrap().scenario;
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("charts");
        std::fs::create_dir(&folder).unwrap();
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(b"chart"));
        std::fs::write(around.path().join("outside.tgz"), "chart").unwrap();
        std::fs::write(folder.join(format!("{digest}.tgz")), "chart").unwrap();
        std::fs::write(folder.join(format!("{}.tgz", "0".repeat(64))), "chart").unwrap();
        let absolute = around.path().join("outside").display().to_string();
        let zeros = "0".repeat(64);
        let cases = [
            ("../outside", "no SHA-256"),
            (absolute.as_str(), "no SHA-256"),
            ("", "no SHA-256"),
            (&digest.to_uppercase(), "no SHA-256"),
            (&zeros, "another one"),
            (&"1".repeat(64), "No such file"),
            (&digest, ""),
        ];
        for (digest, why) in cases {
            let list = serde_json::json!([{"repo": "https://charts.test", "chart": "web", "version": "1.0.0", "digest": digest}]);
            std::fs::write(folder.join(LIST), list.to_string()).unwrap();
            assert_eq!(lay_out(&folder, &around.path().join("home")).is_ok(), why.is_empty(), "{digest}");
            match unpack(&folder, &mut scenario) {
                Ok(()) => assert_eq!(why, "", "{digest} is taken"),
                Err(error) => assert!(!why.is_empty() && error.to_string().contains(why), "{digest}: {error}"),
            }
        }
        let list = serde_json::json!([{"repo": "https://charts.test", "chart": "../../web", "version": "1.0.0", "digest": digest}]);
        std::fs::write(folder.join(LIST), list.to_string()).unwrap();
        let refused = lay_out(&folder, &around.path().join("home")).unwrap_err().to_string();
        assert!(refused.contains("no chart's name"), "{refused}");
    }
}
