//! Watches of one value of a field: ConfigMaps by name, as kubelets watch them.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use embedded_cluster::EmbeddedCluster;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams, WatchParams};
use kube::core::WatchEvent;
use serde_json::json;

/// More changes than the API server logs of one type.
const MANY: usize = 1500;

async fn create(maps: &Api<ConfigMap>, name: &str) -> String {
    let map: ConfigMap = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
    let made = maps.create(&PostParams::default(), &map).await.unwrap();
    made.metadata.resource_version.unwrap()
}

async fn change(maps: &Api<ConfigMap>, name: &str, value: usize) -> String {
    let patch = json!({"data": {"k": value.to_string()}});
    let patched = maps.patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
    patched.metadata.resource_version.unwrap()
}

async fn watch(maps: &Api<ConfigMap>, name: &str, since: &str) -> BoxStream<'static, kube::Result<WatchEvent<ConfigMap>>> {
    let params = WatchParams::default().fields(&format!("metadata.name={name}"));
    maps.watch(&params, since).await.unwrap().boxed()
}

/// What happened to an object, and to which; for an error its code.
async fn next(watch: &mut BoxStream<'static, kube::Result<WatchEvent<ConfigMap>>>) -> (&'static str, String) {
    let name = |map: ConfigMap| map.metadata.name.unwrap();
    match watch.next().await.unwrap().unwrap() {
        WatchEvent::Added(map) => ("added", name(map)),
        WatchEvent::Modified(map) => ("modified", name(map)),
        WatchEvent::Deleted(map) => ("deleted", name(map)),
        WatchEvent::Error(status) => ("error", status.code.to_string()),
        WatchEvent::Bookmark(bookmark) => ("bookmark", bookmark.metadata.resource_version),
    }
}

#[tokio::test(start_paused = true)]
async fn others_neither_wake_a_watch_nor_let_it_expire() {
    let cluster = EmbeddedCluster::builder("test").seed(7).start().await.unwrap();
    let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    let since = create(&maps, "other").await;
    let mut mine = watch(&maps, "mine", &since).await;
    let mut last = since.clone();
    for value in 0..MANY {
        last = change(&maps, "other", value).await;
    }
    // Nothing is there for it; a bookmark of a minute later says how far it has come all the same.
    assert!(mine.next().now_or_never().is_none());
    let (kind, revision) = next(&mut mine).await;
    assert_eq!(
        (kind, revision.parse::<u64>().unwrap() >= last.parse().unwrap()),
        ("bookmark", true)
    );
    create(&maps, "mine").await;
    assert_eq!(next(&mut mine).await, ("added", "mine".to_owned()));
    change(&maps, "mine", 1).await;
    maps.delete("mine", &DeleteParams::default()).await.unwrap();
    assert_eq!(next(&mut mine).await, ("modified", "mine".to_owned()));
    assert_eq!(next(&mut mine).await, ("deleted", "mine".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_fell_behind_its_own_changes_expires() {
    let cluster = EmbeddedCluster::builder("test").seed(7).start().await.unwrap();
    let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    let since = create(&maps, "mine").await;
    let mut mine = watch(&maps, "mine", &since).await;
    change(&maps, "mine", 0).await;
    for value in 1..MANY {
        change(&maps, "mine", value).await;
    }
    // The kept stream had no turn in between, and more time than the log waits for late readers: the first of its changes are forgotten.
    tokio::time::advance(Duration::from_secs(80)).await;
    for value in MANY..2 * MANY {
        change(&maps, "mine", value).await;
    }
    assert_eq!(next(&mut mine).await, ("error", "410".to_owned()));
    // So are they for a watch that begins there.
    assert_eq!(next(&mut watch(&maps, "mine", &since).await).await, ("error", "410".to_owned()));
}
