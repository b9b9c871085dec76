//! Two clusters of `multiplane up` that stand for ones that a user has, and a place to run `multiplane` on them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{DeleteParams, DynamicObject, ListParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::discovery::{Discovery, verbs};
use kube::{Api, Client, Config, ResourceExt};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::process::{Ended, finish, multiplane};
use crate::signals::{signal, until};

/// Makes a namespace with a ConfigMap by itself, a chart's release with cluster-wide parts, and credentials in a Secret.
pub(crate) const SCENARIO: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {name: on-existing-clusters}
settings: {within: 20s}
clusters:
  controlplane: {role: controlplane}
  dataplane_1: {role: dataplane}
steps:
  - deploy:
      release: flyte-core-data
      on: dataplane_1
      chart: REPOSITORY/fixtures/charts/dataplane
      namespace: flyte
      createNamespace: true
      values: {configmap: {admin: {admin: {endpoint: flyte.example.com}}}, storage: {type: s3, bucketName: flyte-data}}
  - grant: {serviceAccount: flyte/flyteadmin, from: dataplane_1, to: {cluster: controlplane, secret: flyte/cluster-credentials}, probe: false}
  - apply:
      on: dataplane_1
      objects:
        - {apiVersion: v1, kind: ConfigMap, metadata: {name: mark, namespace: default}, data: {at: \"${{ clusters.controlplane.api.pods }}\"}}
  - expect: {resources: {on: dataplane_1, apiVersion: apps/v1, kind: Deployment, namespace: flyte, name: flytepropeller, matches: {metadata: {name: flytepropeller}}}}
  - expect: {resources: {on: controlplane, apiVersion: v1, kind: Secret, namespace: flyte, name: cluster-credentials, matches: {type: Opaque}}}
  - expect: {resources: {on: controlplane, apiVersion: v1, kind: ConfigMap, namespace: default, name: mark, absent: true}}
";

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What changes by itself.
const RESTLESS: [&str; 2] = ["Event", "Lease"];

/// Two clusters and a place to run.
pub(crate) struct Bench {
    folder: TempDir,
    up: Child,
    runtime: Runtime,
}

impl Drop for Bench {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.up.kill();
        let _ = self.up.wait();
    }
}

impl Bench {
    /// Both clusters are marked.
    pub(crate) fn new() -> Self {
        let bench = Self::unmarked();
        bench.mark("a");
        bench.mark("b");
        bench
    }

    #[expect(clippy::disallowed_methods, reason = "the program under test")]
    pub(crate) fn unmarked() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut up = Command::new(env!("CARGO_BIN_EXE_multiplane"));
        up.args(["up", "--clusters", "a,b", "--dir"]).arg(folder.path().join("world"));
        let up = up.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let bench = Self { folder, up, runtime };
        until("clusters", || bench.path("world/ready").exists());
        let both = bench.named("a").merge(bench.named("b")).unwrap();
        fs::write(bench.path("kubeconfig"), yaml::emit::to_string(&both).unwrap()).unwrap();
        bench.scenario(SCENARIO);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn scenario(&self, text: &str) {
        fs::write(self.path("scenario.yaml"), text.replace("REPOSITORY", REPOSITORY)).unwrap();
    }

    /// A kubeconfig whose user has a name of its own, so that it can stand beside others.
    fn named(&self, cluster: &str) -> Kubeconfig {
        let mut kubeconfig = self.kubeconfig(cluster);
        let user = format!("admin-of-{cluster}");
        kubeconfig.auth_infos[0].name.clone_from(&user);
        kubeconfig.contexts[0].context.as_mut().unwrap().user = Some(user);
        kubeconfig
    }

    pub(crate) fn kubeconfig(&self, cluster: &str) -> Kubeconfig {
        Kubeconfig::read_from(self.path(&format!("world/kubeconfigs/{cluster}.yaml"))).unwrap()
    }

    /// The name of a cluster's context.
    pub(crate) fn context(&self, cluster: &str) -> String {
        self.kubeconfig(cluster).current_context.unwrap()
    }

    pub(crate) fn client(&self, cluster: &str) -> Client {
        let kubeconfig = self.kubeconfig(cluster);
        self.block_on(async {
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
            Client::try_from(config.unwrap()).unwrap()
        })
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// As the command does that a refusal shows.
    pub(crate) fn mark(&self, cluster: &str) {
        let client = self.client(cluster);
        let uid = self
            .block_on(Api::<Namespace>::all(client).get("kube-system"))
            .unwrap()
            .uid()
            .unwrap();
        self.mark_with(cluster, &json!({"uid": uid}));
    }

    pub(crate) fn mark_with(&self, cluster: &str, data: &serde_json::Value) {
        let map = json!({"metadata": {"name": "multiplane-test-cluster"}, "data": data});
        self.make_map(cluster, "kube-system", serde_json::from_value(map).unwrap());
    }

    pub(crate) fn make_map(&self, cluster: &str, namespace: &str, map: ConfigMap) {
        let maps: Api<ConfigMap> = Api::namespaced(self.client(cluster), namespace);
        self.block_on(async {
            maps.delete(&map.name_any(), &DeleteParams::default()).await.ok();
            maps.create(&PostParams::default(), &map).await.unwrap();
        });
    }

    pub(crate) fn map(&self, cluster: &str, namespace: &str, name: &str) -> Option<ConfigMap> {
        let maps: Api<ConfigMap> = Api::namespaced(self.client(cluster), namespace);
        self.block_on(maps.get_opt(name)).unwrap()
    }

    pub(crate) fn make_namespace(&self, cluster: &str, name: &str) {
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
        self.block_on(Api::<Namespace>::all(self.client(cluster)).create(&PostParams::default(), &namespace))
            .unwrap();
    }

    /// All objects of both clusters.
    pub(crate) fn everything(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for cluster in ["a", "b"] {
            let client = self.client(cluster);
            let found = self.block_on(Discovery::new(client.clone()).run()).unwrap();
            for (kind, can) in found.groups().flat_map(|group| group.recommended_resources()) {
                if !can.supports_operation(verbs::LIST) || RESTLESS.contains(&kind.kind.as_str()) {
                    continue;
                }
                let api: Api<DynamicObject> = Api::all_with(client.clone(), &kind);
                let objects = self.block_on(api.list(&ListParams::default())).unwrap();
                // The marker's lock would show here.
                let shown = |object: &DynamicObject| {
                    let annotations = object.annotations();
                    format!(
                        "{cluster} {} {:?}/{} {annotations:?}",
                        kind.kind,
                        object.namespace(),
                        object.name_any()
                    )
                };
                all.extend(objects.iter().map(shown));
            }
        }
        all
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = multiplane(&self.path("state"), args);
        command.env("KUBECONFIG", self.path("ambient"));
        command
    }

    pub(crate) fn multiplane(&self, args: &[&str]) -> Ended {
        finish(self.command(args).spawn().unwrap())
    }

    fn arguments(&self) -> Vec<String> {
        let text = |path: &str| self.path(path).display().to_string();
        let fixed = [
            "run",
            &text("scenario.yaml"),
            "--backend",
            "existing",
            "-v",
            "--kubeconfig",
            &text("kubeconfig"),
        ];
        let (a, b) = (self.context("a"), self.context("b"));
        let contexts = [format!("--context=controlplane={a}"), format!("--context=dataplane_1={b}")];
        let api = "--api=controlplane=https://a.example:6443".to_owned();
        fixed.map(str::to_owned).into_iter().chain(contexts).chain([api]).collect()
    }

    /// Runs the scenario on both clusters.
    pub(crate) fn run(&self, more: &[&str]) -> Ended {
        finish(self.start(more))
    }

    pub(crate) fn start(&self, more: &[&str]) -> Child {
        let arguments = self.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        self.command(&arguments).spawn().unwrap()
    }

    /// Starts a run that waits once all is made.
    pub(crate) fn run_until_all_is_made(&self) -> Child {
        self.scenario(&format!("{SCENARIO}  - wait: {{for: 1h}}\n"));
        let child = self.start(&[]);
        until("the last object", || self.map("b", "default", "mark").is_some());
        child
    }

    /// How much the run has recorded of what it makes; none if it is not so far.
    pub(crate) fn recorded(&self) -> Option<usize> {
        let runs = fs::read_dir(self.path("state/runs")).ok()?;
        let folders = runs.flatten().map(|run| run.path().join("0"));
        let files = folders.flat_map(|folder| ["controlplane", "dataplane_1"].map(|id| folder.join(id).join("made.jsonl")));
        let texts: Vec<String> = files.filter_map(|file| fs::read_to_string(file).ok()).collect();
        (!texts.is_empty()).then(|| texts.iter().map(|text| text.lines().count()).sum())
    }

    pub(crate) fn end(&self, child: Child, how: &str) -> Ended {
        signal(&child, how);
        finish(child)
    }

    /// Nothing is left on this machine.
    pub(crate) fn assert_no_files(&self) {
        for folder in ["state/ledger", "state/runs"] {
            let found: Vec<_> = fs::read_dir(self.path(folder))
                .map(|entries| entries.flatten().collect())
                .unwrap_or_default();
            assert!(found.is_empty(), "{found:?}");
        }
    }
}
