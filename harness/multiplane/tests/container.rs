//! Scenarios and faults on the container backend, where a docker engine answers and the image of `make images` is there; else ignored,
//! with the reason in the tests' names.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::{Node, Pod, Secret};
use kube::Api;
use kube::api::{ListParams, LogParams, PostParams};
use kube::runtime::wait::await_condition;
use libtest_mimic::{Arguments, Failed, Trial};
use multiplane::backend::container::{Containers, sweep};
use multiplane::backend::{Cluster, ClusterSpec, Vantage, World};
use multiplane::journal::{Journal, Outcome};
use multiplane::report::{Console, Detail};
use multiplane::run::{Plan, run_scenario};
use serde_json::json;
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

/// What the console would show, for the message of a failed test.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

type Test = fn() -> Result<(), Failed>;

/// The run's id: that of this process.
fn run_id() -> String {
    format!("test-{}", std::process::id())
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// The scenario as it stands, but for its waits: time is real here, and ten minutes of watching prove no more of the backend than ten
/// seconds. Flyte brings namespaces into the data planes every five seconds in place of five minutes.
fn shortened(text: &str) -> String {
    const REFRESH: &str = "cluster_resource_manager.config.cluster_resources.refreshInterval=5s";
    let deploy = "release: flyte-core\n";
    assert!(
        text.contains("hold: 10m") && text.contains(deploy),
        "the scenario's text has changed"
    );
    let text = text.replace("hold: 10m", "hold: 10s");
    text.replace(deploy, &format!("{deploy}      set: [{REFRESH}]\n"))
}

fn guide() -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/guide/project-and-domain");
    let file = root.join("scenario.yaml").canonicalize()?;
    let text = shortened(&std::fs::read_to_string(&file)?);
    let plan = Plan::of_text(&file, &text, None, &run_id()).map_err(|invalid| Failed::from(invalid.to_string()))?;
    let shown = Shown::default();
    let journal = Journal::new(run_id(), None, vec![Box::new(Console::plain(shown.clone(), Detail::Verbose))])?;
    let outcome = block_on(async {
        let world = Containers::new(&run_id(), "guide", plan.seed).await?;
        let outcome = run_scenario(&plan, &world, &journal, &CancellationToken::new()).await;
        let left = world.close().await;
        if left.is_empty() {
            Ok(outcome)
        } else {
            Err(Failed::from(left.join("\n")))
        }
    })?;
    if outcome == Outcome::Passed {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&shown.0.lock().unwrap()).into_owned();
    Err(Failed::from(text))
}

/// Two clusters, for tests of the backend itself.
async fn pair(name: &str) -> (Containers, Arc<dyn Cluster>, Arc<dyn Cluster>) {
    let world = Containers::new(&format!("{}-{name}", run_id()), name, 1).await.unwrap();
    let spec = |id: &str| ClusterSpec {
        id: id.to_owned(),
        role: scenario::Role::Dataplane,
        nodes: 1,
        kubernetes: None,
    };
    let one = world.create(&spec("dataplane_1")).await.unwrap();
    let two = world.create(&spec("dataplane_2")).await.unwrap();
    (world, one, two)
}

/// What a pod of `from` is told when it calls `to`'s API server with a token that is none.
async fn probe(from: &dyn Cluster, to: &dyn Cluster, name: &str) -> String {
    let secrets: Api<Secret> = Api::default_namespaced(from.client());
    let secret = json!({"metadata": {"name": name}, "stringData": {"token": "none", "ca": to.ca()}});
    let secret = serde_json::from_value(secret).unwrap();
    secrets.create(&PostParams::default(), &secret).await.unwrap();
    let pods: Api<Pod> = Api::default_namespaced(from.client());
    let container = json!({
        "name": "probe", "image": "multiplane-probe", "args": [to.api(Vantage::Pods), "/c/token", "/c/ca"],
        "volumeMounts": [{"name": "c", "mountPath": "/c"}],
    });
    let volumes = json!([{"name": "c", "secret": {"secretName": name}}]);
    let spec = json!({"restartPolicy": "Never", "containers": [container], "volumes": volumes});
    let pod = serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).unwrap();
    pods.create(&PostParams::default(), &pod).await.unwrap();
    let failed = |pod: Option<&Pod>| pod.and_then(|pod| pod.status.as_ref()?.phase.as_deref()) == Some("Failed");
    let ended = tokio::time::timeout(Duration::from_secs(60), await_condition(pods.clone(), name, failed));
    ended.await.unwrap().unwrap();
    pods.logs(name, &LogParams::default()).await.unwrap()
}

async fn nodes(cluster: &dyn Cluster) -> Result<usize, kube::Error> {
    let nodes: Api<Node> = Api::all(cluster.client());
    Ok(nodes.list(&ListParams::default()).await?.items.len())
}

fn faults() -> Result<(), Failed> {
    block_on(async {
        let (world, one, two) = pair("faults").await;
        assert_eq!(one.api(Vantage::Pods), "https://dataplane-1.multiplane.test:6443");
        assert!(one.api(Vantage::Host).starts_with("https://127.0.0.1:"));
        let faults = one.faults().unwrap();
        let answered = probe(two.as_ref(), one.as_ref(), "before").await;
        assert!(answered.contains("unauthorized"), "{answered}");
        // The harness sees a machine that the other clusters do not.
        faults.disconnect().await.unwrap();
        let answered = probe(two.as_ref(), one.as_ref(), "between").await;
        assert!(answered.contains("no such host"), "{answered}");
        assert_eq!(nodes(one.as_ref()).await.unwrap(), 1);
        faults.reconnect().await.unwrap();
        let answered = probe(two.as_ref(), one.as_ref(), "after").await;
        assert!(answered.contains("unauthorized"), "{answered}");
        // Nobody answers on a machine that stands still.
        faults.pause().await.unwrap();
        let asked = tokio::time::timeout(Duration::from_secs(2), nodes(one.as_ref())).await;
        assert!(asked.is_err(), "{asked:?}");
        assert_eq!(nodes(two.as_ref()).await.unwrap(), 1);
        faults.resume().await.unwrap();
        assert_eq!(nodes(one.as_ref()).await.unwrap(), 1);
        faults.delete().await.unwrap();
        assert!(nodes(one.as_ref()).await.is_err());
        drop((one, two));
        let left = world.close().await;
        assert!(left.is_empty(), "{left:?}");
        Ok(())
    })
}

/// A world that is dropped in the middle of things leaves nothing.
fn dropped() -> Result<(), Failed> {
    let run = format!("{}-dropped", run_id());
    block_on(async {
        let (world, one, two) = pair("dropped").await;
        drop((world, one, two));
    });
    let found = block_on(labelled(&run))?;
    assert!(found.is_empty(), "{found:?}");
    Ok(())
}

/// A run that is interrupted while its clusters start, as by Ctrl-C, leaves nothing.
fn interrupted() -> Result<(), Failed> {
    let run = format!("{}-interrupted", run_id());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/guide/project-and-domain/scenario.yaml");
    let plan = Plan::new(&file, None, &run).map_err(|invalid| Failed::from(invalid.to_string()))?;
    let journal = Journal::new(run.clone(), None, Vec::new())?;
    block_on(async {
        let world = Containers::new(&run, "interrupted", plan.seed).await?;
        let stop = CancellationToken::new();
        let interrupt = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            stop.cancel();
        };
        let (outcome, ()) = tokio::join!(run_scenario(&plan, &world, &journal, &stop), interrupt);
        assert_eq!(outcome, Outcome::Interrupted);
        let left = world.close().await;
        assert!(left.is_empty(), "{left:?}");
        let found = labelled(&run).await?;
        assert!(found.is_empty(), "{found:?}");
        Ok(())
    })
}

/// All that carries the run's label.
fn labelled(run: &str) -> BoxFuture<'static, Result<Vec<String>, Failed>> {
    use std::collections::HashMap;
    use testcontainers::bollard::query_parameters::{ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder};
    let label = format!("{}={run}", multiplane::backend::ledger::LABEL);
    Box::pin(async move {
        let filter = HashMap::from([("label", vec![label])]);
        let docker = testcontainers::core::client::docker_client_instance().await?;
        let containers = ListContainersOptionsBuilder::new().all(true).filters(&filter).build();
        let containers = docker.list_containers(Some(containers)).await?;
        let networks = ListNetworksOptionsBuilder::new().filters(&filter).build();
        let networks = docker.list_networks(Some(networks)).await?;
        let volumes = ListVolumesOptionsBuilder::new().filters(&filter).build();
        let volumes = docker.list_volumes(Some(volumes)).await?;
        let mut found: Vec<String> = containers.into_iter().filter_map(|container| container.id).collect();
        found.extend(networks.into_iter().filter_map(|network| network.name));
        found.extend(volumes.volumes.into_iter().flatten().map(|volume| volume.name));
        Ok(found)
    })
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests: [(&str, Test); 4] = [
        ("guide/project-and-domain", guide),
        ("faults", faults),
        ("dropped", dropped),
        ("interrupted", interrupted),
    ];
    // Only where tests will run: a list needs no engine.
    let missing = match arguments.list {
        true => None,
        false => block_on(async {
            let probe = Containers::new(&run_id(), "probe", 0).await;
            let missing = probe.as_ref().err().map(ToString::to_string);
            drop(probe);
            missing
        }),
    };
    let trials = tests.map(|(name, test)| match &missing {
        None => Trial::test(name, test),
        Some(reason) => Trial::test(format!("{name} ({reason})"), test).with_ignored_flag(true),
    });
    let conclusion = libtest_mimic::run(&arguments, trials.into());
    // `exit_code` ends no process by itself, so that whatever is left is dropped; what a failed test left is removed here.
    block_on(sweep(&run_id()));
    conclusion.exit_code()
}
