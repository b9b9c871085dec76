//! `--wait` and hooks, with a virtual node that runs the pods, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use chart::{Chart, RecordStatus, ReleaseOptions, Releases, Values};
use embedded_cluster::EmbeddedCluster;
use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::api::ListParams;
use simnet::{Clock, Network};
use tokio::time::Instant;
use virtual_node::{Programs, VirtualNode};

const CHART: &str = "{apiVersion: v2, name: web, version: 0.1.0}";

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations:
        multiplane.dev/lifecycle: |
          main: {{ .Values.main | toJson }}
    spec:
      containers: [{name: main, image: 'web:1'}]
";

const HOOK: &str = "apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations:
        multiplane.dev/lifecycle: |
          main: {runFor: 30s, exitCode: {{ .Values.hookExit | default 0 }}}
    spec:
      restartPolicy: Never
      containers: [{name: main, image: 'migrate:1'}]
";

#[tokio::test(start_paused = true)]
async fn hooks_end_and_deployments_become_ready() {
    let clock = Clock::simulated();
    let network = Network::simulated(clock.clone());
    let cluster = EmbeddedCluster::builder("c").clock(clock.clone()).start().await.unwrap();
    let client = cluster.client();
    let node = VirtualNode::builder(client.clone())
        .network(network, "c")
        .programs(Programs::new())
        .clock(clock.clone());
    let _node = node.start().await.unwrap();
    let releases = Releases::new(client.clone(), "flyte", Arc::new(move || clock.now()));

    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    for (name, text) in [
        ("Chart.yaml", CHART),
        ("templates/web.yaml", DEPLOYMENT),
        ("templates/migrate.yaml", HOOK),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let chart = Chart::load(folder.path()).unwrap();
    let values = |text: &str| Values::builder().yaml("values", text).unwrap().build();
    let options = ReleaseOptions {
        wait: true,
        create_namespace: true,
        timeout: Duration::from_secs(120),
        ..ReleaseOptions::default()
    };

    let start = Instant::now();
    releases
        .install("web", &chart, values("main: {readyAfter: 20s}"), &options)
        .await
        .unwrap();
    let took = start.elapsed();
    assert!((Duration::from_secs(50)..Duration::from_secs(60)).contains(&took), "{took:?}");
    let jobs: Api<Job> = Api::namespaced(client, "flyte");
    assert!(jobs.list(&ListParams::default()).await.unwrap().items.is_empty());

    let error = releases
        .upgrade("web", &chart, values("{main: {}, hookExit: 3}"), &options)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "pre-upgrade hooks failed: resource Job/flyte/migrate not ready. status: Failed, message: Job Failed. failed: 1/1"
    );
    let error = releases
        .upgrade("web", &chart, values("main: {pullError: not found}"), &options)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("resource Deployment/flyte/web not ready. status: InProgress"),
        "{error}"
    );
    let states: Vec<RecordStatus> = releases
        .history("web")
        .await
        .unwrap()
        .iter()
        .map(|record| record.info.status)
        .collect();
    assert_eq!(states, [RecordStatus::Deployed, RecordStatus::Failed, RecordStatus::Failed]);

    releases.uninstall("web", &options).await.unwrap();
    assert!(releases.history("web").await.unwrap().is_empty());
}
