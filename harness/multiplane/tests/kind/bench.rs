//! A place to run `multiplane` with the doubles.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Ended, finish, multiplane};
use crate::signals::until;
use crate::world::{World, entries};

/// A folder with doubles, a scenario and a state of its own.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) world: World,
}

const SCENARIO: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {name: two-clusters}
settings: {within: 20s}
clusters:
  controlplane: {role: controlplane, nodes: 1}
  dataplane_1: {role: dataplane, nodes: 2}
steps:
  - apply:
      on: dataplane_1
      objects:
      - {apiVersion: v1, kind: ConfigMap, metadata: {name: mark, namespace: default}, data: {where: \"${{ clusters.dataplane_1.api.pods }}\"}}
  - expect: {resources: {on: dataplane_1, apiVersion: v1, kind: Node, count: 3}}
  - expect: {resources: {on: dataplane_1, apiVersion: v1, kind: ConfigMap, namespace: default, name: mark, matches: {metadata: {name: mark}}}}
  - expect: {resources: {on: controlplane, apiVersion: v1, kind: ConfigMap, namespace: default, name: mark, absent: true}}
";

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        for name in ["kind", "docker"] {
            symlink(std::env::current_exe().unwrap(), folder.path().join("bin").join(name)).unwrap();
        }
        let world = World::at(folder.path());
        let bench = Self { folder, world };
        bench.scenario(SCENARIO);
        bench
    }

    /// Puts another scenario in place of the usual one.
    pub(crate) fn scenario(&self, text: &str) {
        fs::write(self.path("scenario.yaml"), text).unwrap();
    }

    /// The usual scenario, with something that does not come out.
    pub(crate) fn failing(&self) {
        self.scenario(&SCENARIO.replace("count: 3", "count: 4").replace("within: 20s", "within: 1s"));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = multiplane(&self.path("state"), args);
        command
            .env("MULTIPLANE_KIND", self.path("bin/kind"))
            .env("MULTIPLANE_DOCKER", self.path("bin/docker"))
            .env("KUBECONFIG", self.path("ambient"));
        command
    }

    /// Runs `multiplane` to its end.
    pub(crate) fn multiplane(&self, args: &[&str]) -> Ended {
        self.multiplane_with(args, &[])
    }

    pub(crate) fn multiplane_with(&self, args: &[&str], env: &[(&str, &str)]) -> Ended {
        finish(self.command(args).envs(env.iter().copied()).spawn().unwrap())
    }

    /// Runs the scenario on kind.
    pub(crate) fn run(&self, more: &[&str]) -> Ended {
        let file = self.path("scenario.yaml").display().to_string();
        self.multiplane(&[&["run", file.as_str(), "--backend", "kind", "-v"][..], more].concat())
    }

    /// Starts the run, which a `hang` in the script keeps from its end, and waits until a cluster is on its way.
    pub(crate) fn run_until_creation(&self) -> Child {
        self.world.script("create", &["hang", "hang"]);
        let file = self.path("scenario.yaml").display().to_string();
        let child = self.command(&["run", &file, "--backend", "kind"]).spawn().unwrap();
        until("two clusters on their way", || self.world.clusters().len() == 2);
        child
    }

    /// Starts `multiplane up` on kind.
    pub(crate) fn start_up(&self) -> Child {
        let (file, held) = (
            self.path("scenario.yaml").display().to_string(),
            self.path("held").display().to_string(),
        );
        self.command(&["up", &file, "--backend", "kind", "--dir", &held]).spawn().unwrap()
    }

    /// The same, until the world is up.
    pub(crate) fn up(&self) -> Child {
        let child = self.start_up();
        until("a world that is held", || self.path("held/ready").exists());
        child
    }

    /// Whether the scenario's first step has run.
    pub(crate) fn mark_is_there(&self, kubeconfig: Kubeconfig) -> bool {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
                .await
                .unwrap();
            let maps: Api<ConfigMap> = Api::namespaced(Client::try_from(config).unwrap(), "default");
            maps.get_opt("mark").await.unwrap().is_some()
        })
    }

    /// The calls of a double whose arguments begin like this.
    pub(crate) fn calls(&self, program: &str, args: &[&str]) -> Vec<Value> {
        let text = fs::read_to_string(self.path("calls.jsonl")).unwrap_or_default();
        let calls = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let fits = |call: &Value| {
            let made = call["args"].as_array().unwrap();
            call["program"] == program && made.len() >= args.len() && made.iter().zip(args).all(|(a, b)| a == b)
        };
        calls.filter(fits).collect()
    }

    /// Nothing is left: no cluster, no network, no ledger, no file of the run.
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.world.clusters(), [""; 0]);
        assert_eq!(self.world.networks(), [""; 0]);
        for folder in ["state/ledger", "state/runs"] {
            let found = entries(&self.path(folder));
            assert!(found.is_empty(), "{found:?}");
        }
        assert!(!self.path("ambient").exists(), "the ambient kubeconfig was touched");
    }
}
