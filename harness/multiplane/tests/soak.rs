//! Random scenarios and histories with faults, for as long as `SOAK_SECONDS` says: memory stays flat, nothing is left over, and no verdict changes
//! when its seed is replayed. Without `SOAK_SECONDS` it is a few of them.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::print_stdout, reason = "figures for `make soak`")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use multiplane::journal::{Journal, Kept};
use multiplane::report::{Ending, endings};
use multiplane::run::{Plan, Suite, suite};
use multiplane::search::{History, Planes, run};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tokio_util::sync::CancellationToken;

/// For what is not said to take longer.
const SHORT: Duration = Duration::from_secs(5);
/// Memory says nothing before allocator and caches are warm.
const WARM: Duration = Duration::from_secs(120);
/// Larger worlds take their share of the time; what is soaked is the harness.
const PLANES: Planes = Planes { least: 5, most: 12 };

/// What this process holds.
#[derive(Clone, Copy, Debug)]
struct Holds {
    /// Resident memory in MiB.
    memory: u64,
    threads: usize,
    files: usize,
}

impl Holds {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let resident: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
        let entries = |folder: &str| std::fs::read_dir(folder).unwrap().count();
        Self {
            memory: resident >> 10,
            threads: entries("/proc/self/task"),
            files: entries("/proc/self/fd"),
        }
    }
}

fn scenarios() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut files = scenario::discover::discover(&[root]).unwrap();
    // Those with programs of this machine are not in virtual time.
    files.retain(|file| scenario::load(file).is_ok_and(|loaded| !loaded.scenario.needs_real_time()));
    files
}

fn once(file: &Path, seed: u64) -> Ending {
    let plan = Plan::new(file, Some(seed), "soak").unwrap();
    let kept = Kept::default();
    let journal = Journal::new("soak".into(), None, vec![Box::new(kept.clone())]).unwrap();
    suite(std::slice::from_ref(&plan), &Suite::embedded(CancellationToken::new()), &journal);
    endings(&kept.records()).remove(plan.name()).unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "real time is what soaks")]
fn soak() {
    let seconds = std::env::var("SOAK_SECONDS")
        .ok()
        .map(|text| text.parse().expect("SOAK_SECONDS is a number"));
    let time = seconds.map_or(SHORT, Duration::from_secs);
    let seed = std::env::var("SOAK_SEED").map_or(1, |text| text.parse().expect("SOAK_SEED is a number"));
    let mut draw = ChaCha8Rng::seed_from_u64(seed);
    let files = scenarios();
    let begun = Instant::now();
    let first = Holds::now();
    let mut warm = None;
    let mut samples: Vec<u64> = Vec::new();
    let (mut histories, mut runs) = (0, 0);
    while begun.elapsed() < time || runs == 0 {
        let history = History::draw(draw.random(), PLANES, false);
        let ran = run(&history).unwrap_or_else(|error| panic!("seed {}: {error}", history.seed));
        assert!(
            ran.violations.is_empty(),
            "seed {} of {PLANES:?}: {:?}",
            history.seed,
            ran.violations
        );
        assert_eq!(run(&history).unwrap(), ran, "seed {}: another history", history.seed);
        histories += 1;
        if histories % 4 == 1 {
            let file = &files[draw.random_range(0..files.len())];
            let seed = draw.random();
            assert_eq!(
                once(file, seed),
                once(file, seed),
                "{} with seed {seed} ends otherwise",
                file.display()
            );
            runs += 1;
        }
        let now = Holds::now();
        samples.push(now.memory);
        if warm.is_none() && begun.elapsed() >= WARM {
            warm = Some((now, samples.len()));
        }
    }
    let last = Holds::now();
    println!(
        "{histories} histories and {runs} scenarios, each twice, in {} s",
        begun.elapsed().as_secs()
    );
    println!(
        "at first {first:?}, at last {last:?}, at most {} MiB",
        samples.iter().max().unwrap()
    );
    assert!(last.threads <= first.threads + 1, "threads are left over: {first:?}, {last:?}");
    assert!(last.files <= first.files + 2, "files are left open: {first:?}, {last:?}");
    if let Some((at, index)) = warm.filter(|(_, index)| samples.len() > index + 20) {
        let rest = &samples[index..];
        let median = |part: &[u64]| {
            let mut sorted = part.to_vec();
            sorted.sort_unstable();
            sorted[sorted.len() / 2]
        };
        let (early, late) = (median(&rest[..rest.len() / 4]), median(&rest[rest.len() * 3 / 4..]));
        println!("warm after {WARM:?} ({at:?}): median {early} MiB in the first quarter from then on, {late} MiB in the last");
        assert!(late <= early + early / 5 + 16, "memory grows: from {early} to {late} MiB");
    }
}
