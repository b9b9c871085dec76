//! `multiplane run --watch`, as a person at work has it.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/process.rs"]
mod process;
#[path = "support/signals.rs"]
mod signals;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use process::{finish, multiplane};
use signals::{signal, until};

/// A scenario that applies the ConfigMap of a file, and expects a value in it.
fn scenario(folder: &Path, name: &str, expected: &str) {
    fs::create_dir_all(folder).unwrap();
    let text = format!(
        "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: {name}}}\nclusters: {{a: {{role: other}}}}\nsteps:\n  \
         - apply: {{on: a, manifests: [m.yaml]}}\n  \
         - expect: {{resources: {{on: a, apiVersion: v1, kind: ConfigMap, namespace: default, name: m, matches: {{data: {{x: {expected}}}}}, \
         within: 1s}}}}\n"
    );
    fs::write(folder.join("scenario.yaml"), text).unwrap();
}

fn manifest(folder: &Path, value: &str) {
    let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m, namespace: default}}\ndata: {{x: {value}}}\n");
    // As editors save: a new file in the place of the old one.
    fs::write(folder.join("m.yaml.new"), text).unwrap();
    fs::rename(folder.join("m.yaml.new"), folder.join("m.yaml")).unwrap();
}

#[test]
fn what_changes_is_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two, out) = (folder.path().join("one"), folder.path().join("two"), folder.path().join("out"));
    for (folder, name) in [(&one, "one"), (&two, "two")] {
        scenario(folder, name, "old");
        manifest(folder, "old");
    }
    // A report among the scenarios is no change of them.
    let report = folder.path().join("report.json").display().to_string();
    let arguments = ["run", &folder.path().display().to_string(), "--watch", "--json", &report];
    let mut command = multiplane(folder.path(), &arguments);
    let file = fs::File::create(&out).unwrap();
    let child = command.stderr(file.try_clone().unwrap()).stdout(Stdio::from(file)).spawn().unwrap();
    let told = || fs::read_to_string(&out).unwrap();
    let waits = |times: usize| until("the end of a run", || told().matches("waiting for a change").count() >= times);

    waits(1);
    assert!(told().contains("2 scenarios: 2 passed, 0 failed"), "{}", told());
    manifest(&two, "new");
    waits(2);
    assert!(
        told().contains("changed:") && told().contains("1 scenario: 0 passed, 1 failed"),
        "{}",
        told()
    );
    // A mistake is told, and whoever mends it need not do more; although nobody knows on which files such a scenario stands.
    manifest(&two, "\"${{ clusters.b.api.pods }}\"");
    waits(3);
    assert!(told().contains("unknown cluster `b`"), "{}", told());
    manifest(&two, "old");
    waits(4);
    let last = told();
    let last = last.rsplit("changed:").next().unwrap();
    assert!(last.contains("1 scenario: 1 passed, 0 failed"), "{last}");
    // A new one, in a folder that was not there.
    let three = folder.path().join("three");
    fs::create_dir(&three).unwrap();
    manifest(&three, "old");
    scenario(&three, "three", "old");
    waits(5);
    let last = told();
    let last = last.rsplit("changed:").next().unwrap();
    assert!(last.contains("three") && last.contains("1 scenario: 1 passed, 0 failed"), "{last}");
    signal(&child, "INT");
    let ended = finish(child);
    assert_eq!((ended.exit, ended.text.as_str()), (Some(0), ""), "{}", told());
}
