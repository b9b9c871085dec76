//! What a run leaves holds no secrets: journal, reports, console and capsule of every scenario, one made to fail at its end, so that the capsule
//! holds what the clusters do.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/each.rs"]
mod each;
#[path = "support/shown.rs"]
mod shown;

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use flate2::read::GzDecoder;
use libtest_mimic::Failed;
use multiplane::capsule::Ingredients;
use multiplane::findings::Findings;
use multiplane::journal::{Journal, Kept, Outcome};
use multiplane::report::{Console, Detail, html, junit, summary};
use multiplane::run::{Plan, Suite, suite};
use scenario::Given;
use tokio_util::sync::CancellationToken;

use each::each;
use shown::Shown;

/// Signs of secrets. All tokens are JSON web tokens, whose text, and the base64 of it, always begins alike; all keys are PEM; the last two are the
/// OAuth client's secret of our charts.
const SIGNS: [&str; 6] = [
    "eyJhbGciOi",
    "ZXlKaGJHY2lPaU",
    "PRIVATE KEY",
    "UFJJVkFURSBLRVkt",
    "foobar",
    "Zm9vYmFy",
];

/// The plan, of a matrix that of its last cell, with one more step, which fails: this cluster has no such namespace.
fn failing(file: &Path) -> Result<Plan, Failed> {
    let text = std::fs::read_to_string(file)?;
    let given = Given::of("test");
    let whole = Plan::all(file, None, &given).map_err(|invalid| Failed::from(invalid.to_string()))?;
    let cluster = whole[0].loaded.scenario.clusters.keys().next().unwrap();
    let step = format!(
        "{{resources: {{on: {cluster}, apiVersion: v1, kind: Namespace, name: not-there, matches: {{status: {{phase: Active}}}}, within: 1s}}}}"
    );
    let text = format!("{}\n  - expect: {step}\n", text.trim_end());
    let plans = Plan::all_of_text(file, &text, None, &given);
    let mut plans = plans.map_err(|invalid| Failed::from(invalid.to_string()))?;
    plans.pop().ok_or_else(|| Failed::from("no scenario"))
}

fn run(file: &Path) -> Result<(), Failed> {
    let mut plan = failing(file)?;
    plan.findings = Some(Findings::default());
    let ingredients = Ingredients::read(&plan)?;
    let folder = tempfile::tempdir()?;
    let (kept, shown) = (Kept::default(), Shown::default());
    let console = Console::plain(shown.clone(), Detail::Verbose);
    let lines = folder.path().join("journal.jsonl");
    let journal = Journal::new("test".into(), Some(&lines), vec![Box::new(kept.clone()), Box::new(console)])?;
    let name = plan.name().to_owned();
    let steps = plan.loaded.scenario.steps.len();
    let finished = suite(&[plan], &Suite::embedded(CancellationToken::new()), &journal);
    let records = kept.records();
    let ending = multiplane::report::endings(&records).remove(&name).unwrap();
    if finished.outcomes != [Outcome::Failed] || ending.failure.as_ref().map(|failure| failure.step) != Some(steps) {
        return Err(Failed::from(shown.text()));
    }
    let capsule = folder.path().join("capsule");
    ingredients.write(&capsule, &records)?;
    let mut artefacts = vec![
        ("journal".to_owned(), std::fs::read_to_string(&lines)?),
        ("console".to_owned(), shown.text()),
        ("junit".to_owned(), junit(&records)?),
        ("html".to_owned(), html(&records)),
        ("json".to_owned(), summary(&records).to_string()),
    ];
    artefacts.extend(entries(&capsule)?);
    if !artefacts.iter().any(|(name, _)| name.ends_with("objects/Namespace.yaml")) {
        return Err(Failed::from("the capsule does not hold what the clusters do"));
    }
    let mut found = String::new();
    for (name, text) in &artefacts {
        let lines = text.lines().filter(|line| SIGNS.iter().any(|sign| line.contains(sign)));
        lines.for_each(|line| writeln!(found, "{name}: {line}").unwrap());
    }
    if found.is_empty() { Ok(()) } else { Err(Failed::from(found)) }
}

/// What a capsule holds, but for the scenario's own files: they are as their author wrote them.
fn entries(capsule: &Path) -> Result<Vec<(String, String)>, Failed> {
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(capsule)?));
    let mut found = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.display().to_string();
        if !name.starts_with("files/") {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            found.push((name, text));
        }
    }
    Ok(found)
}

fn main() -> ExitCode {
    each(run)
}
