//! Charts of a Helm repository: fetched, kept, recorded, refused.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "starts the program under test")]

mod logins;
mod proxy;
mod repository;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

use data_encoding::HEXLOWER;
use repository::{Repository, archive};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

fn scenario(folder: &Path, chart: &str, expected: &str) {
    let text = format!(
        "apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {{name: fetched}}
clusters:
  a: {{role: other, nodes: 1}}
steps:
  - deploy: {{release: small, on: a, {chart}}}
  - expect:
      resources:
        on: a
        apiVersion: v1
        kind: ConfigMap
        name: made
        matches: {{data: {{version: \"{expected}\"}}}}
        within: 10s
"
    );
    fs::write(folder.join("scenario.yaml"), text).unwrap();
}

/// Runs multiplane: its exit code, and all that it said.
fn multiplane(folder: &Path, cache: &str, words: &[&str]) -> (i32, String) {
    multiplane_with(folder, cache, words, &[])
}

/// The same with environment variables. Without them it knows no proxy, and no login.
fn multiplane_with(folder: &Path, cache: &str, words: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_multiplane"));
    for name in ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.args(words).current_dir(folder).env("XDG_CACHE_HOME", folder.join(cache));
    command.env("HELM_REPOSITORY_CONFIG", folder.join("repositories.yaml"));
    command.envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .concat();
    (output.status.code().unwrap(), text)
}

#[test]
fn fetched_kept_and_recorded() {
    let (repository, folder) = (Repository::start(), TempDir::new().unwrap());
    let (folder, repo) = (folder.path(), format!("{}/charts", repository.address));
    let digest = HEXLOWER.encode(&Sha256::digest(archive("1.16.8")));

    scenario(folder, &format!("chart: small, version: ~1.16, repo: \"{repo}\""), "1.16.8");
    let (code, text) = multiplane(folder, "cache", &["plan", "."]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("chart small (~1.16) of {repo}")), "{text}");
    assert_eq!(repository.asked(), Vec::<String>::new(), "a plan fetches nothing");

    let (code, text) = multiplane(
        folder,
        "cache",
        &["run", ".", "--record", "it.capsule", "--journal", "journal.jsonl"],
    );
    assert_eq!(code, 0, "{text}");
    let journal = fs::read_to_string(folder.join("journal.jsonl")).unwrap();
    assert!(journal.contains(&format!("chart small 1.16.8 (sha256:{digest})")), "{journal}");
    assert_eq!(
        repository.asked(),
        ["/charts/index.yaml", "/charts/packed/small-1.16.8.tgz", "/store/small-1.16.8.tgz"]
    );

    // The index is asked for again, the archive is not.
    let (code, text) = multiplane(folder, "cache", &["run", "."]);
    assert_eq!((code, repository.asked()), (0, vec!["/charts/index.yaml".to_owned()]), "{text}");

    repository.up.store(false, Ordering::SeqCst);
    let (code, text) = multiplane(folder, "cache", &["run", "."]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("warning: cannot fetch") && text.contains("503"), "{text}");
    let (code, text) = multiplane(folder, "empty", &["run", "."]);
    assert_eq!(code, 3, "{text}");
    repository.asked();

    // A whole version that is kept, and a capsule, need nobody.
    scenario(folder, &format!("chart: small, version: 1.16.8, repo: \"{repo}\""), "1.16.8");
    let (code, text) = multiplane(folder, "cache", &["run", "."]);
    assert_eq!((code, repository.asked()), (0, vec![]), "{text}");
    let (code, text) = multiplane(folder, "empty", &["repro", "it.capsule"]);
    assert_eq!((code, repository.asked()), (0, vec![]), "{text}");
}

#[test]
fn refused_with_the_place_and_what_there_is() {
    let (repository, folder) = (Repository::start(), TempDir::new().unwrap());
    let folder = folder.path();
    let cases = [
        (
            "chart: smal, ",
            "/charts",
            2,
            ["has no chart `smal`", "did you mean `small`?", "scenario.yaml:7:"],
        ),
        (
            "chart: small, version: ^2, ",
            "/charts",
            2,
            ["has no version `^2`", "the newest are 1.17.0-b1, 1.16.8", "scenario.yaml:7:"],
        ),
        (
            "chart: small, version: new, ",
            "/charts",
            2,
            ["improper constraint: new", "write for example", "scenario.yaml:7:"],
        ),
        ("chart: small, ", "/none", 3, ["cannot fetch", "/none/index.yaml", "404 Not Found"]),
        (
            "chart: small, ",
            "/broken",
            3,
            ["has the digest sha256:", "its index says sha256:ab", "it is not used"],
        ),
    ];
    for (chart, path, expected, says) in cases {
        scenario(folder, &format!("{chart}repo: \"{}{path}\"", repository.address), "");
        let (code, text) = multiplane(folder, "cache", &["run", "."]);
        assert_eq!(code, expected, "{text}");
        says.iter().for_each(|part| assert!(text.contains(part), "{part:?} in {text}"));
    }
}
