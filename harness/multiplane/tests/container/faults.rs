//! Faults of machines, and what the other clusters notice.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Pod, Secret};
use kube::Api;
use kube::api::{ListParams, LogParams, PostParams};
use kube::runtime::wait::await_condition;
use multiplane::backend::container::{ContainerBackend, Settings};
use multiplane::backend::ledger::State;
use multiplane::backend::outside::Outside;
use multiplane::backend::{Cluster, ClusterSpec, End, Vantage, World};
use serde_json::json;
use tokio::runtime::Builder;

/// Every test.
pub(crate) const ALL: &[(&str, fn())] = &[("faults", faults)];

/// A delay, in each direction.
const LATE: Duration = Duration::from_secs(1);

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(work)
}

/// Two clusters, for tests of the backend itself.
async fn pair(backend: &ContainerBackend) -> (Box<dyn World>, Arc<dyn Cluster>, Arc<dyn Cluster>) {
    let world = backend.world(0, 1).unwrap();
    let spec = |id: &str| ClusterSpec {
        id: id.to_owned(),
        role: scenario::Role::Dataplane,
        nodes: 1,
        kubernetes: None,
        api_names: Vec::new(),
        ingress_names: Vec::new(),
        issuer: None,
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

fn faults() {
    let state = tempfile::tempdir().unwrap();
    let run = format!("faults-{}", std::process::id());
    block_on(async {
        let backend = ContainerBackend::begin(Settings::new(State::at(state.path())), &run).await.unwrap();
        let (world, one, two) = pair(&backend).await;
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
        // Connections take their time, whoever opens them.
        faults.delay(LATE).await.unwrap();
        for (from, to) in [(&one, &two), (&two, &one)] {
            let begun = tokio::time::Instant::now();
            let answered = probe(from.as_ref(), to.as_ref(), &format!("late-{}", from.id().replace('_', "-"))).await;
            assert!(answered.contains("unauthorized"), "{answered}");
            // Connecting, TLS and the request each go there and back.
            assert!(begun.elapsed() >= LATE * 6, "{:?}", begun.elapsed());
        }
        faults.delay(Duration::ZERO).await.unwrap();
        faults.delete().await.unwrap();
        assert!(nodes(one.as_ref()).await.is_err());
        // A machine that stands still goes like the others.
        two.faults().unwrap().pause().await.unwrap();
        drop((one, two));
        let ended = world.end(End::Passed).await;
        assert!(ended.left.is_empty(), "{ended:?}");
        assert!(backend.end().await.unwrap().is_empty());
    });
    assert!(crate::bench::docker(&run).is_empty());
}
