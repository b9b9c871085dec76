//! Runs that are killed at random points, as by the machine's out-of-memory killer.

use std::time::Duration;

use crate::bench::Bench;
use crate::process::finish;
use crate::signals::{pause, signal};

/// Every test.
pub(crate) const ALL: &[(&str, fn())] = &[("gc_after_sigkill_at_random_points", gc_after_sigkill_at_random_points)];

/// Runs that are killed.
const KILLS: u64 = 8;
/// Lines of a whole run's ledger; later points are never reached.
const LINES: u64 = 24;
/// Time from a line to the kill, at most.
const AFTER: u64 = 700;

/// `MULTIPLANE_SEED` repeats a failure.
fn seed() -> u64 {
    let given = std::env::var("MULTIPLANE_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| simnet::Clock::real().now().as_nanosecond().unsigned_abs() as u64 % 1_000_000)
}

/// SplitMix64: enough to choose points.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

#[expect(clippy::print_stderr, reason = "the seed repeats a failure")]
fn gc_after_sigkill_at_random_points() {
    let seed = seed();
    eprintln!("MULTIPLANE_SEED={seed}");
    let mut random = Random(seed);
    for kill in 0..KILLS {
        // One for each stretch of the run, so that all of it is covered: before anything is made, while it is made, while it is removed.
        let line = kill * LINES / KILLS + random.below(LINES / KILLS + 1);
        let after = Duration::from_millis(random.below(AFTER));
        let at = format!("kill {kill} of seed {seed}: {after:?} after line {line} of the ledger");
        eprintln!("{at}");
        killed(line, after, &at);
    }
}

fn killed(line: u64, after: Duration, at: &str) {
    let bench = Bench::new();
    let mut child = bench.start(&[]);
    let mut run = None;
    // A run that ends before its point is reached must have left nothing either.
    while (bench.ledger().lines().count() as u64) < line && child.try_wait().unwrap().is_none() {
        run = run.or_else(|| bench.run_id());
        pause(Duration::from_millis(2));
    }
    pause(after);
    run = run.or_else(|| bench.run_id());
    if child.try_wait().unwrap().is_none() {
        signal(&child, "KILL");
    }
    finish(child);
    let ended = bench.gc(&[]);
    assert_eq!(ended.exit, Some(0), "{at}: {}", ended.text);
    if let Some(run) = run {
        bench.assert_clean(&run);
        // Nothing comes up afterwards.
        pause(Duration::from_secs(1));
        bench.assert_clean(&run);
    }
    let ended = bench.gc(&["--all"]);
    assert_eq!(ended.text, "nothing left behind\n", "{at}");
}
