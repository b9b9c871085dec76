//! A controller under test, in virtual time: the day that it waits costs no time.
//!
//! `cargo run -p embedded-cluster --example controller`

#![expect(clippy::print_stdout, reason = "an example")]

use std::sync::Arc;
use std::time::Duration;

use embedded_cluster::EmbeddedCluster;
use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Client;
use kube::api::{Api, DeleteParams, PostParams, ResourceExt};
use kube::runtime::controller::Action;
use kube::runtime::wait::await_condition;
use kube::runtime::{Controller, watcher};
use serde_json::json;
use simnet::Clock;
use tokio::time::Instant;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the controller has at hand. It is handed the clock: the machine's is another than that of a cluster in virtual time.
struct Context {
    client: Client,
    clock: Clock,
}

/// Deletes every ConfigMap labelled `keep=day` when it is a day old.
async fn reconcile(map: Arc<ConfigMap>, context: Arc<Context>) -> Result<Action, kube::Error> {
    let Some(created) = &map.metadata.creation_timestamp else {
        return Ok(Action::await_change());
    };
    let left = context.clock.until(created.0 + DAY);
    if left > Duration::ZERO {
        return Ok(Action::requeue(left));
    }
    let maps: Api<ConfigMap> = Api::default_namespaced(context.client.clone());
    maps.delete(&map.name_any(), &DeleteParams::default()).await?;
    Ok(Action::await_change())
}

/// A paused clock is virtual time: whenever nothing is left to do, it jumps to the next timer.
#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let clock = Clock::simulated();
    let cluster = EmbeddedCluster::builder("example").clock(clock.clone()).start().await?;
    let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    let client = cluster.client();
    let controller = Controller::new(maps.clone(), watcher::Config::default().labels("keep=day"))
        .run(
            reconcile,
            |_, _, _| Action::requeue(Duration::from_secs(5)),
            Arc::new(Context { client, clock }),
        )
        .for_each(|_| futures::future::ready(()));
    tokio::spawn(controller);

    for (name, label) in [("short", "day"), ("long", "always")] {
        let map: ConfigMap = serde_json::from_value(json!({"metadata": {"name": name, "labels": {"keep": label}}}))?;
        maps.create(&PostParams::default(), &map).await?;
    }
    let start = Instant::now();
    await_condition(maps.clone(), "short", |map: Option<&ConfigMap>| map.is_none()).await?;
    let took = start.elapsed();
    assert!(took.abs_diff(DAY) < Duration::from_secs(60), "{took:?}");
    maps.get("long").await?;
    println!("kept for {} hours", took.as_secs_f64().round() / 3600.0);
    Ok(())
}

#[test]
fn runs() -> Result<(), Box<dyn std::error::Error>> {
    main()
}
