//! Watches.

use futures::StreamExt;
use serde_json::{Value, json};

use super::Body;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("watch/from-version", from_version),
        Body::new("watch/from-nothing", from_nothing),
        Body::new("watch/selector", selector),
        Body::new("watch/ends", ends),
        Body::new("watch/versions", versions),
    ]
}

fn told((kind, object): (&'static str, Value)) -> (&'static str, String) {
    let data = object["data"]["k"].as_str().unwrap_or_default();
    (kind, format!("{}={data}", object["metadata"]["name"].as_str().unwrap()))
}

fn map(name: &str, data: &str, label: &str) -> Value {
    json!({"metadata": {"name": name, "labels": {"l": label}}, "data": {"k": data}})
}

async fn from_version(world: World) {
    let maps = world.path("configmaps");
    world.api.post(&maps, map("before", "0", "x")).await.ok();
    let list = world.api.get(&maps).await.ok();
    let version = list["metadata"]["resourceVersion"].as_str().unwrap();
    let path = format!("{maps}?watch=true&labelSelector=l&resourceVersion={version}");
    world.api.post(&maps, map("a", "1", "x")).await.ok();
    let events = world.api.watch(&path).await;
    world.api.merge(&format!("{maps}/a"), json!({"data": {"k": "2"}})).await.ok();
    world.api.delete(&format!("{maps}/a"), json!({})).await.ok();
    let seen: Vec<_> = events.take(3).map(told).collect().await;
    let expected = [("ADDED", "a=1"), ("MODIFIED", "a=2"), ("DELETED", "a=2")];
    assert_eq!(seen, expected.map(|(kind, text)| (kind, text.to_owned())));
}

async fn from_nothing(world: World) {
    let maps = world.path("configmaps");
    for name in ["a", "b"] {
        world.api.post(&maps, map(name, "1", "x")).await.ok();
    }
    let events = world.api.watch(&format!("{maps}?watch=true&labelSelector=l")).await;
    world.api.delete(&format!("{maps}/a"), json!({})).await.ok();
    let mut seen: Vec<_> = events.take(3).map(told).collect().await;
    // What is there comes in any order.
    seen[..2].sort();
    let expected = [("ADDED", "a=1"), ("ADDED", "b=1"), ("DELETED", "a=1")];
    assert_eq!(seen, expected.map(|(kind, text)| (kind, text.to_owned())));
}

/// What comes into a selection is added to it, and what leaves it is deleted from it.
async fn selector(world: World) {
    let maps = world.path("configmaps");
    let list = world.api.get(&maps).await.ok();
    let version = list["metadata"]["resourceVersion"].as_str().unwrap();
    let path = format!("{maps}?watch=true&labelSelector=l=in&resourceVersion={version}");
    let events = world.api.watch(&path).await;
    world.api.post(&maps, map("a", "1", "out")).await.ok();
    let one = format!("{maps}/a");
    for (data, label) in [("2", "in"), ("3", "in"), ("4", "out"), ("5", "out")] {
        let patch = json!({"metadata": {"labels": {"l": label}}, "data": {"k": data}});
        world.api.merge(&one, patch).await.ok();
    }
    world.api.post(&maps, map("b", "6", "in")).await.ok();
    let seen: Vec<_> = events.take(4).map(told).collect().await;
    // A deletion by leaving shows the object as it was when it was last selected.
    let expected = [("ADDED", "a=2"), ("MODIFIED", "a=3"), ("DELETED", "a=3"), ("ADDED", "b=6")];
    assert_eq!(seen, expected.map(|(kind, text)| (kind, text.to_owned())));
}

async fn ends(world: World) {
    let maps = world.path("configmaps");
    world.api.post(&maps, map("a", "1", "x")).await.ok();
    let events = world
        .api
        .watch(&format!("{maps}?watch=true&labelSelector=l&timeoutSeconds=1"))
        .await;
    let seen: Vec<_> = events.map(told).collect().await;
    assert_eq!(seen, [("ADDED", "a=1".to_owned())]);
}

async fn versions(world: World) {
    let maps = world.path("configmaps");
    let mut last = 0;
    let mut newer = |object: &Value| {
        let version: u64 = object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap();
        assert!(version > last, "versions grow");
        last = version;
    };
    newer(&world.api.post(&maps, map("a", "1", "x")).await.ok());
    newer(&world.api.merge(&format!("{maps}/a"), json!({"data": {"k": "2"}})).await.ok());
    newer(&world.api.post(&maps, map("b", "1", "x")).await.ok());
    let bad = world.api.get(&format!("{maps}?watch=true&resourceVersion=bad")).await;
    bad.refused(
        500,
        "",
        "resourceVersion: Invalid value: \"bad\": strconv.ParseUint: parsing \"bad\": invalid syntax",
    );
}
