//! A place to run `multiplane --backend container`, with a state of its own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::process::{Ended, finish, multiplane};
use crate::signals::until;

const SCENARIO: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {name: two-clusters}
clusters:
  controlplane: {role: controlplane}
  dataplane_1: {role: dataplane, nodes: 2}
steps:
  - apply:
      on: dataplane_1
      objects:
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: mark, namespace: default}, data: {where: \"${{ clusters.dataplane_1.api.pods }}\"}}
  - expect: {resources: {on: dataplane_1, apiVersion: v1, kind: Node, count: 2, within: 20s, hold: 2s}}
  - expect: {resources: {on: controlplane, apiVersion: v1, kind: ConfigMap, namespace: default, name: mark, absent: true}}
";

/// A folder with a scenario and a state.
pub(crate) struct Bench(TempDir);

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        bench.scenario(SCENARIO);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn scenario(&self, text: &str) {
        fs::write(self.path("scenario.yaml"), text).unwrap();
    }

    /// The usual scenario, with something that does not come out.
    pub(crate) fn failing(&self) {
        self.scenario(&SCENARIO.replace("count: 2, within: 20s, hold: 2s", "count: 3, within: 1s"));
    }

    /// The usual scenario, that goes on for long.
    pub(crate) fn long(&self) {
        self.scenario(&SCENARIO.replace("hold: 2s", "hold: 10m"));
    }

    pub(crate) fn start(&self, more: &[&str]) -> Child {
        let file = self.path("scenario.yaml").display().to_string();
        let args = [&["run", file.as_str(), "--backend", "container", "-v"][..], more].concat();
        multiplane(&self.path("state"), &args).spawn().unwrap()
    }

    pub(crate) fn run(&self, more: &[&str]) -> Ended {
        finish(self.start(more))
    }

    pub(crate) fn gc(&self, more: &[&str]) -> Ended {
        finish(multiplane(&self.path("state"), &[&["gc"], more].concat()).spawn().unwrap())
    }

    /// What the run's ledger says; nothing before it begins and after it ends.
    pub(crate) fn ledger(&self) -> String {
        let files = entries(&self.path("state/ledger"));
        files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
    }

    /// The id of the run whose ledger is there.
    pub(crate) fn run_id(&self) -> Option<String> {
        let files = entries(&self.path("state/ledger"));
        Some(files.first()?.file_stem()?.to_str()?.to_owned())
    }

    /// Waits until both clusters of the scenario are up, and gives the run's id.
    pub(crate) fn until_up(&self) -> String {
        let kubeconfigs = || {
            let run = self.run_id()?;
            Some(entries(&self.path("state/runs").join(run).join("0")).len())
        };
        until("both kubeconfigs", || kubeconfigs() == Some(2));
        self.run_id().unwrap()
    }

    /// Nothing is left: nothing in docker, no ledger, no file of the run.
    pub(crate) fn assert_clean(&self, run: &str) {
        assert_eq!(docker(run), BTreeSet::new());
        for folder in ["state/ledger", "state/runs"] {
            let found = entries(&self.path(folder));
            assert!(found.is_empty(), "{found:?}");
        }
    }
}

impl Drop for Bench {
    /// What a failed test left.
    fn drop(&mut self) {
        self.gc(&["--all"]);
    }
}

/// Everything in docker that bears the run's id in its name: what is made by accident has no label.
pub(crate) fn docker(run: &str) -> BTreeSet<String> {
    let name = format!("name={run}");
    let lists: [&[&str]; 3] = [
        &["ps", "--all", "--format", "container {{.Names}}"],
        &["network", "ls", "--format", "network {{.Name}}"],
        &["volume", "ls", "--format", "volume {{.Name}}"],
    ];
    lists
        .iter()
        .flat_map(|list| lines(&[list, &["--filter", &name][..]].concat()))
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "what docker says, whatever multiplane says")]
fn lines(args: &[&str]) -> Vec<String> {
    let output = Command::new("docker").args(args).output().unwrap();
    assert!(output.status.success(), "docker {args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Paths in a folder, sorted; none where there is no folder.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = found.collect();
    found.sort();
    found
}
