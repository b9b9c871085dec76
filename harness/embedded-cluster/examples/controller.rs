//! A controller under test, in virtual time: its requeue after an hour costs no time.
//!
//! `cargo run -p embedded-cluster --example controller`

#![expect(clippy::print_stdout, reason = "an example")]

use std::sync::Arc;
use std::time::Duration;

use embedded_cluster::EmbeddedCluster;
use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams, ResourceExt};
use kube::runtime::controller::Action;
use kube::runtime::wait::await_condition;
use kube::runtime::{Controller, watcher};
use serde_json::json;
use tokio::time::Instant;

/// Counts in every ConfigMap labelled `count=hours` the hours that it has been there.
async fn reconcile(map: Arc<ConfigMap>, client: Arc<Client>) -> Result<Action, kube::Error> {
    let hours: u32 = map.data.as_ref().and_then(|data| data.get("hours")?.parse().ok()).unwrap_or(0);
    let api: Api<ConfigMap> = Api::default_namespaced((*client).clone());
    let patch = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"hours": (hours + 1).to_string()}});
    tokio::time::sleep(Duration::from_secs(3600)).await;
    api.patch(&map.name_any(), &PatchParams::apply("hours"), &Patch::Apply(&patch))
        .await?;
    Ok(Action::await_change())
}

/// A paused clock is virtual time: whenever nothing is left to do, it jumps to the next timer.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = EmbeddedCluster::builder("example").start().await?;
    let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    let controller = Controller::new(maps.clone(), watcher::Config::default().labels("count=hours"))
        .run(
            reconcile,
            |_, _, _| Action::requeue(Duration::from_secs(5)),
            Arc::new(cluster.client()),
        )
        .for_each(|_| futures::future::ready(()));
    tokio::spawn(controller);

    let map: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "clock", "labels": {"count": "hours"}}}))?;
    maps.create(&PostParams::default(), &map).await?;
    let start = Instant::now();
    let a_day = |map: Option<&ConfigMap>| map.and_then(|map| Some(map.data.as_ref()?.get("hours")? == "24")).unwrap_or(false);
    await_condition(maps, "clock", a_day).await?;
    println!("a day passed: {:?}", start.elapsed());
    Ok(())
}

#[test]
fn runs() -> Result<(), Box<dyn std::error::Error>> {
    main()
}
