//! Replays recordings of a real Kubernetes against the embedded cluster, in process and in virtual time.
//!
//! Every case that is listed in `tests/data/golden/passing.txt` must pass; see the README there.

#![expect(clippy::unwrap_used, reason = "tests")]

mod case;
mod compare;
mod hooks;
mod paths;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use case::Case;
use embedded_cluster::EmbeddedCluster;
use hooks::Hooks;
use simnet::{Clock, Network};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden")
}

/// All cases of a topic, in the order of the recording.
fn cases(topic: &str) -> Vec<Case> {
    let file = std::fs::File::open(data().join(format!("{topic}.jsonl.gz"))).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn topics() -> Vec<String> {
    let mut topics: Vec<String> = std::fs::read_dir(data())
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".jsonl.gz")?.to_owned()))
        .collect();
    topics.sort();
    topics
}

/// Runs a topic on one cluster; answers why each failed case failed.
fn run(topic: &str, only: &str) -> BTreeMap<String, Option<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let network = Network::simulated(Clock::simulated());
        let host = network.host("golden", "127.0.0.1");
        let hooks = Hooks::start(&host, network.clock()).await;
        let builder = EmbeddedCluster::builder(topic).seed(1).clock(network.clock().clone());
        let cluster = builder.host(host.clone()).start().await.unwrap();
        cluster.serve(host.listen(case::API_PORT).await.unwrap()).unwrap();
        // The recorded cluster had been up for a while.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let mut results = BTreeMap::new();
        for (number, case) in cases(topic).into_iter().enumerate() {
            if case.name.contains(only) {
                let name = case.name.clone();
                results.insert(name, case::run(&cluster, &hooks, &host, case, number).await.err());
            }
        }
        results
    })
}

#[test]
#[expect(clippy::print_stderr, reason = "the counts are what one runs this for")]
fn recordings() {
    let list = data().join("passing.txt");
    let passing: BTreeSet<String> = std::fs::read_to_string(&list)
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect();
    let only = std::env::var("GOLDEN_CASE").unwrap_or_default();
    let mut all = BTreeMap::new();
    for topic in topics() {
        let results = run(&topic, &only);
        let passed = results.values().filter(|failure| failure.is_none()).count();
        eprintln!("{topic:16} {passed:4} of {}", results.len());
        all.extend(results);
    }
    let passed: BTreeSet<String> = all
        .iter()
        .filter(|(_, failure)| failure.is_none())
        .map(|(name, _)| name.clone())
        .collect();
    eprintln!("{:16} {:4} of {}", "all", passed.len(), all.len());
    if std::env::var_os("GOLDEN_FAILURES").is_some() {
        for (name, failure) in &all {
            if let Some(failure) = failure {
                eprintln!("FAIL {name}: {failure}");
            }
        }
    }
    if std::env::var_os("GOLDEN_UPDATE").is_some() {
        let lines: Vec<&str> = passed.union(&passing).map(String::as_str).collect();
        std::fs::write(&list, lines.join("\n") + "\n").unwrap();
    }
    let broken: Vec<String> = passing
        .iter()
        .filter_map(|name| Some(format!("{name}: {}", all.get(name)?.as_ref()?)))
        .collect();
    assert!(broken.is_empty(), "cases that passed before fail now:\n{}", broken.join("\n"));
    assert!(!only.is_empty() || all.len() >= 900, "only {} cases were found", all.len());
}
