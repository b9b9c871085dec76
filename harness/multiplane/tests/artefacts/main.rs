//! What a run leaves holds no secrets: journal, reports, console and capsule of every scenario and of every cell of its matrix, each made to
//! fail at its end, so that the capsule holds what the clusters do; and the page of a world that is up.
//!
//! What is looked for is what was really created: each value of each Secret from its first moment on, keys of kubeconfigs, credentials of
//! sessions; and, by their form, tokens that nobody keeps.

#![expect(clippy::unwrap_used, reason = "tests")]

mod created;
#[path = "../support/each.rs"]
mod each;
mod page;
#[path = "../support/shown.rs"]
mod shown;
mod watched;

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use flate2::read::GzDecoder;
use flyte::stores::Stores;
use libtest_mimic::{Failed, Trial};
use multiplane::backend::{Embedded, Time};
use multiplane::capsule::Ingredients;
use multiplane::findings::Findings;
use multiplane::journal::{Journal, Kept, Outcome, Record};
use multiplane::report::{Console, Detail, endings, html, junit, summary};
use multiplane::run::{Plan, run_scenario};
use scenario::Given;
use tokio_util::sync::CancellationToken;

use created::Created;
use each::each;
use shown::Shown;
use watched::Watched;

/// What a run leaves, by name.
pub(crate) type Artefacts = Vec<(String, String)>;

/// The plans of all cells, with one more step, which fails: this cluster has no such namespace.
fn failing(file: &Path) -> Result<Vec<Plan>, Failed> {
    let text = std::fs::read_to_string(file)?;
    let given = Given::of("test");
    let whole = Plan::all(file, None, &given).map_err(|invalid| Failed::from(invalid.to_string()))?;
    let cluster = whole[0].loaded.scenario.clusters.keys().next().unwrap();
    let step = format!(
        "{{resources: {{on: {cluster}, apiVersion: v1, kind: Namespace, name: not-there, matches: {{status: {{phase: Active}}}}, within: 1s}}}}"
    );
    let text = format!("{}\n  - expect: {step}\n", text.trim_end());
    Plan::all_of_text(file, &text, None, &given).map_err(|invalid| Failed::from(invalid.to_string()))
}

fn run(file: &Path) -> Result<(), Failed> {
    let plans = failing(file)?;
    let folder = tempfile::tempdir()?;
    let (kept, shown, github) = (Kept::default(), Shown::default(), Shown::default());
    let lines = folder.path().join("journal.jsonl");
    let journal = Journal::new(
        "test".into(),
        Some(&lines),
        vec![
            Box::new(kept.clone()),
            Box::new(Console::plain(shown.clone(), Detail::Verbose)),
            Box::new(Console::plain(github.clone(), Detail::Verbose).github(true)),
        ],
    )?;
    journal.begin(plans.len(), None);
    let created = Created::default();
    let mut ran = Vec::new();
    for mut plan in plans {
        plan.findings = Some(Findings::default());
        let ingredients = Ingredients::read(&plan)?;
        let outcome = in_world(&plan, &journal, &created)?;
        let last = endings(&kept.so_far()).remove(plan.name()).and_then(|ending| ending.failure);
        if outcome != Outcome::Failed || last.map(|failure| failure.step) != Some(plan.loaded.scenario.steps.len()) {
            return Err(Failed::from(shown.text()));
        }
        ran.push(ingredients);
    }
    let records = kept.records();
    let mut artefacts = vec![
        ("journal".to_owned(), std::fs::read_to_string(&lines)?),
        ("console".to_owned(), shown.text()),
        ("GitHub's console".to_owned(), github.text()),
    ];
    artefacts.extend(reports(&records)?);
    for ingredients in ran {
        let capsule = folder.path().join(ingredients.name().replace('/', "_"));
        ingredients.write(&capsule, &records)?;
        let entries = entries(&capsule)?;
        if !entries.iter().any(|(name, _)| name.ends_with("objects/Namespace.yaml")) {
            return Err(Failed::from("the capsule does not hold what the clusters do"));
        }
        artefacts.extend(entries);
    }
    look(&created, &artefacts)
}

/// Runs a scenario as the command does.
fn in_world(plan: &Plan, journal: &Journal, created: &Created) -> Result<Outcome, Failed> {
    let (time, runtime) = if plan.loaded.scenario.needs_real_time() {
        (
            Time::Real,
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?,
        )
    } else {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        (Time::Virtual, builder.enable_time().start_paused(true).build()?)
    };
    runtime.block_on(async {
        let world = Watched::new(Embedded::new(time, plan.seed, &Stores::new())?, created);
        let ran = run_scenario(plan, &world, journal, &CancellationToken::new()).await;
        world.look_at_account();
        Ok(ran.outcome)
    })
}

fn reports(records: &[Record]) -> Result<Artefacts, Failed> {
    Ok(vec![
        ("junit".to_owned(), junit(records)?),
        ("html".to_owned(), html(records)),
        ("json".to_owned(), summary(records).to_string()),
    ])
}

/// Fails if any of these texts tells a secret.
pub(crate) fn look(created: &Created, artefacts: &Artefacts) -> Result<(), Failed> {
    let search = created.search();
    let overlooked = created.overlooked(&search);
    let mut found: Vec<String> = overlooked.into_iter().map(|at| format!("the search overlooks {at}")).collect();
    for (name, text) in artefacts {
        found.extend(search.of(text).into_iter().map(|told| format!("{name} tells {told}")));
        found.extend(token(text).map(|token| format!("{name} tells a token: {token}")));
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(Failed::from(found.join("\n")))
    }
}

/// What has the form of a signed token: two parts that begin as JSON objects do in base64.
fn token(text: &str) -> Option<&str> {
    const BEGINS: &str = "eyJ";
    let mut parts = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
    parts.find(|part| part.matches(BEGINS).count() > 1 && part.contains(".eyJ"))
}

/// What a capsule holds, but for the scenario's own files: they are as their author wrote them.
fn entries(capsule: &Path) -> Result<Artefacts, Failed> {
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(capsule)?));
    let mut found = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.display().to_string();
        // Charts of repositories are as they were published.
        if !name.starts_with("files/") && !name.ends_with(".tgz") {
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            found.push((name, text));
        }
    }
    Ok(found)
}

fn main() -> ExitCode {
    let printed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/printed-token/scenario.yaml");
    let own = vec![
        Trial::test("the page of a world that is up", page::page),
        Trial::test("tokens that no Secret holds", move || run(&printed)),
    ];
    each(run, own)
}
