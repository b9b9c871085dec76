//! `--flyteadmin`, `--flytekit`: programs of the user's own in the place of the reference, on embedded clusters in real time. What flytekit runs, `flytekit.rs` tests.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/process.rs"]
mod process;

use std::path::{Path, PathBuf};

use process::{Ended, finish};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/local").join(path)
}

fn run(arguments: &[&str]) -> Ended {
    let scenario = data("scenario.yaml");
    let mut all = vec!["run", scenario.to_str().unwrap()];
    all.extend(arguments);
    let state = Path::new(env!("CARGO_TARGET_TMPDIR")).join("local");
    finish(process::multiplane(&state, &all).spawn().unwrap())
}

/// Whether this machine lets a process have mounts of its own; where it does not, the command must say so.
fn refused(ended: &Ended) -> bool {
    let refused = ended.text.contains("does not let a process have mounts of its own");
    if refused {
        assert_eq!(ended.exit, Some(3), "{}", ended.text);
    }
    refused
}

#[test]
fn it_finds_what_a_pod_has() {
    let double = data("flyteadmin");
    let ended = run(&["--flyteadmin", double.to_str().unwrap()]);
    if !refused(&ended) {
        assert_eq!(ended.exit, Some(0), "{}", ended.text);
    }
    assert!(!runs("sleep\x004321.25\x00"), "a process is left behind");
}

/// Whether a process of this computer was started with these words, each of them ended by a zero byte.
fn runs(words: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|process| std::fs::read(process.unwrap().path().join("cmdline")).ok())
        .any(|line| line == words.as_bytes())
}

/// The exit code is the program's own.
#[test]
fn one_that_fails_fails_the_pod() {
    let ended = run(&["--flyteadmin", "/bin/false"]);
    if !refused(&ended) {
        assert_eq!(ended.exit, Some(1), "{}", ended.text);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let scenario = data("scenario.yaml");
    for (arguments, code, why) in [
        (&["--flyteadmin", "/no/such/file"][..], 2, "/no/such/file: No such file"),
        (&["--flyteadmin", scenario.to_str().unwrap()], 2, "is no executable file"),
        (
            &["--flyteadmin", "/bin/true", "--backend", "kind"],
            2,
            "--flyteadmin means nothing to clusters of kind",
        ),
        (&["--flyteadmin", "/bin/true", "--jobs", "2"], 2, "one scenario at a time"),
        (&["--flytekit", "/no/such/folder"], 2, "--flytekit: /no/such/folder: No such file"),
        (
            &["--flytekit", "/proc"],
            2,
            "name a virtual environment in which flytekit is installed",
        ),
        (
            &["--flytekit", "/usr", "--backend", "kind"],
            2,
            "--flytekit means nothing to clusters of kind",
        ),
    ] {
        let ended = run(arguments);
        assert!(ended.text.contains(why), "{arguments:?}: {}", ended.text);
        assert_eq!(ended.exit, Some(code), "{arguments:?}");
    }
}
