//! Recorded requests, damaged at random: each gets a proper answer, nothing panics, and what was accepted can be read and written again.
//!
//! A run of the tests does some hundred of each. `FUZZ_SECONDS=600 cargo test -p embedded-cluster --test hostile -- mutations --nocapture
//! --test-threads 1` goes on for so long with each target, from a seed that it prints; `FUZZ_SEED` repeats one.

#![expect(clippy::print_stderr, clippy::disallowed_methods, reason = "figures of long runs, in real time")]

use std::cell::Cell;
use std::time::{Duration, Instant};

use rstest::rstest;
use serde_json::{Value, json};

use crate::mutate::Mutator;
use crate::seeds::{self, Seed, Target, escaped};
use crate::world::World;

/// Requests of each target in a usual run.
const USUAL: usize = 400;
/// Requests to one cluster: what was accepted is there for the next ones.
const TOGETHER: usize = 400;

thread_local! {
    /// Panics of tasks, which nobody else would hear of. A test's tasks all run on its thread.
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

#[rstest]
#[case::protobuf(Target::Protobuf)]
#[case::bodies(Target::Bodies)]
#[case::patches(Target::Patches)]
#[case::selectors(Target::Selectors)]
fn mutations(#[case] target: Target) {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let fixed = std::env::var("FUZZ_SEED").ok().and_then(|seed| seed.parse().ok());
    let start = Instant::now();
    let mut seed = fixed.unwrap_or(match seconds {
        Some(_) => u64::from(std::process::id()) << 32,
        None => 1,
    });
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.with(|panics| panics.set(panics.get() + 1));
        before(info);
    }));
    let seeds = seeds::of(target);
    let mut sent = 0;
    loop {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(round(target, &seeds, seed));
        assert_eq!(PANICS.with(Cell::get), 0, "{target:?}: FUZZ_SEED={seed}");
        sent += TOGETHER;
        seed += 1;
        match seconds {
            Some(seconds) if start.elapsed() < Duration::from_secs(seconds) => {}
            Some(_) => break eprintln!("{target:?}: {sent} requests in {:?}, last seed {}", start.elapsed(), seed - 1),
            None if sent < USUAL => {}
            None => break,
        }
    }
}

/// Some requests to a new cluster.
async fn round(target: Target, seeds: &[Seed], seed: u64) {
    let world = World::new().await;
    // Whatever asks for a million pods gets these.
    let quota = json!({"metadata": {"name": "few"}, "spec": {"hard": {"pods": "30"}}});
    world.post("/api/v1/namespaces/default/resourcequotas", &quota).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut mutator = Mutator::new(seed);
    for number in 0..TOGETHER {
        let Seed {
            method,
            path,
            content_type,
            body,
        } = mutator.pick(seeds).clone();
        let other = mutator.pick(seeds).clone();
        let (path, body) = match target {
            Target::Selectors => (query(&mut mutator, &path, &other), body),
            _ => (path, mutator.body(&body, &other.body)),
        };
        let answer = world.send(&method, &path, &content_type, body.clone()).await;
        let told = || {
            format!(
                "FUZZ_SEED={seed}, number {number}: {method} {path} {content_type}\n{}",
                String::from_utf8_lossy(&body)
            )
        };
        // A webhook that was accepted before, and that nobody answers, is no fault.
        let message = answer.message();
        let faulty = answer.code == 500 && message.contains("Internal error") && !message.contains("failed calling webhook");
        assert!(!faulty, "{}\n{}", told(), answer.message());
        if answer.code >= 400 {
            let shown = answer.body["kind"] == "Status" && answer.body["code"] == answer.code;
            assert!(shown || answer.body.is_string() || answer.code == 404, "{}\n{:?}", told(), answer);
        } else if let Some(place) = place(&answer.body, &path) {
            again(&world, &place, &told).await;
        }
        // Controllers take their turns.
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }
}

/// Where an accepted object can be read.
fn place(object: &Value, path: &str) -> Option<String> {
    let collection = path.split('?').next()?;
    let metadata = object["metadata"].as_object()?;
    if path.contains("dryRun") || !metadata.contains_key("uid") || metadata.contains_key("deletionTimestamp") {
        return None;
    }
    let name = metadata.get("name")?.as_str()?;
    Some(match collection.strip_suffix(&format!("/{name}")) {
        Some(_) => collection.to_owned(),
        // Names of some kinds may have any letters.
        None => format!("{collection}/{}", escaped(name)),
    })
}

/// What was accepted can be read, and written as it was read.
async fn again(world: &World, place: &str, told: &impl Fn() -> String) {
    let read = world.send("GET", place, "application/json", "").await;
    // It may be a part of an object, or gone meanwhile.
    if read.code != 200 || place.matches('/').count() > 8 {
        return;
    }
    let written = world
        .send("PUT", &format!("{place}?dryRun=All"), "application/json", read.body.to_string())
        .await;
    let accepted = matches!(written.code, 200 | 404 | 405 | 409);
    assert!(accepted, "{}\nwritten again: {:?}", told(), written);
}

/// A list with damaged parameters.
fn query(mutator: &mut Mutator, path: &str, other: &Seed) -> String {
    const NAMES: [&str; 6] = [
        "labelSelector",
        "fieldSelector",
        "limit",
        "continue",
        "resourceVersion",
        "resourceVersionMatch",
    ];
    const TEXTS: [&str; 7] = [
        "a=b",
        "a in (b,c),!d",
        "example.com/x notin (y)",
        "metadata.name=x",
        "status.phase!=Running",
        "1",
        "NotOlderThan",
    ];
    let (collection, known) = path.split_once('?').unwrap_or((path, ""));
    let mut parts: Vec<String> = known.split('&').map(str::to_owned).collect();
    for _ in 0..=mutator.below(2) {
        let text = *mutator.pick(&TEXTS);
        let damaged = mutator.body(text.as_bytes(), other.path.as_bytes());
        parts.push(format!("{}={}", mutator.pick(&NAMES), escaped(damaged)));
    }
    format!("{collection}?{}", parts.join("&"))
}
