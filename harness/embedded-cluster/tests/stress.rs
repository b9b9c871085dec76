//! Hundreds of writers and watchers at once, on several threads: no update and no event is lost, each object's events come in
//! order, and who does not keep up costs the cluster nothing.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::time::Duration;

use embedded_cluster::EmbeddedCluster;
use futures::future::join_all;
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, ResourceQuota};
use kube::Api;
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams, WatchParams};
use kube::core::WatchEvent;
use serde_json::json;

const OBJECTS: usize = 20;
const WRITERS: usize = 200;
const WRITES: usize = 10;
const WATCHERS: usize = 200;
/// One watcher in so many sees all objects, the others see one each.
const WATCH_ALL: usize = 20;

fn name(object: usize) -> String {
    format!("object-{object}")
}

fn map(name: &str) -> ConfigMap {
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    };
    ConfigMap {
        metadata,
        ..ConfigMap::default()
    }
}

/// How often an object was written: each write adds one to one of its numbers. (The authority's certificate is not ours.)
fn writes(map: &ConfigMap) -> u64 {
    let numbers = map.data.iter().flatten().filter(|(key, _)| *key != "ca.crt");
    numbers.map(|(_, number)| number.parse::<u64>().unwrap()).sum()
}

fn revision(map: &ConfigMap) -> u64 {
    map.metadata.resource_version.as_deref().unwrap().parse().unwrap()
}

/// Reads and replaces until nobody else was quicker.
async fn replace(maps: &Api<ConfigMap>, name: &str) {
    loop {
        let mut map = maps.get(name).await.unwrap();
        let data = map.data.get_or_insert_default();
        let count: u64 = data.get("replaced").map_or(0, |count| count.parse().unwrap());
        data.insert("replaced".into(), (count + 1).to_string());
        match maps.replace(name, &PostParams::default(), &map).await {
            Ok(_) => return,
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn write(maps: Api<ConfigMap>, writer: usize) {
    let own = format!("writer-{writer}");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for turn in 0..WRITES {
        let name = name((writer * 7 + turn * 3) % OBJECTS);
        if writer.is_multiple_of(2) {
            replace(&maps, &name).await;
            continue;
        }
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        let data = json!({own.as_str(): count.to_string()});
        let patch = match writer % 4 {
            1 => {
                maps.patch(&name, &PatchParams::default(), &Patch::Merge(json!({"data": data})))
                    .await
            }
            _ => {
                let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data});
                maps.patch(&name, &PatchParams::apply(&own), &Patch::Apply(body)).await
            }
        };
        patch.unwrap();
    }
}

/// Makes and deletes an object of its own, again and again.
async fn come_and_go(maps: Api<ConfigMap>, own: usize) {
    let name = format!("short-lived-{own}");
    for _ in 0..WRITES {
        maps.create(&PostParams::default(), &map(&name)).await.unwrap();
        maps.delete(&name, &DeleteParams::default()).await.unwrap();
    }
}

/// Follows objects until all are as often written as they will be; `only` one of them, or all.
async fn follow(maps: Api<ConfigMap>, only: Option<String>, expected: BTreeMap<String, u64>) {
    let fields = only.as_ref().map(|name| format!("metadata.name={name}"));
    let mut listing = ListParams::default();
    let mut watching = WatchParams::default();
    (listing.field_selector, watching.field_selector) = (fields.clone(), fields);
    let wanted: Vec<&String> = expected
        .keys()
        .filter(|name| only.as_ref().is_none_or(|only| only == *name))
        .collect();
    let mut seen: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let done = |seen: &BTreeMap<String, (u64, u64)>| {
        let as_often = |name: &&&String| seen.get(**name).is_some_and(|(count, _)| *count == expected[**name]);
        wanted.iter().filter(as_often).count() == wanted.len()
    };
    'listed: loop {
        let list = maps.list(&listing).await.unwrap();
        let mut there: Vec<String> = vec![];
        for map in &list.items {
            let name = map.metadata.name.clone().unwrap();
            let (before, _) = seen.insert(name.clone(), (writes(map), revision(map))).unwrap_or_default();
            assert!(before <= writes(map), "{name} has lost writes");
            there.push(name);
        }
        let mut last = list.metadata.resource_version.unwrap();
        while !done(&seen) {
            let mut events = maps.watch(&watching, &last).await.unwrap().boxed();
            while let Some(event) = events.try_next().await.unwrap() {
                let (map, comes) = match event {
                    WatchEvent::Added(map) => (map, true),
                    WatchEvent::Modified(map) => (map, false),
                    WatchEvent::Deleted(map) => {
                        let name = map.metadata.name.clone().unwrap();
                        let at = there.iter().position(|known| *known == name);
                        there.remove(at.unwrap_or_else(|| panic!("{name} went, but was not there")));
                        continue;
                    }
                    // It was too slow: as every client, it lists again.
                    WatchEvent::Error(status) if status.code == 410 => continue 'listed,
                    other => panic!("{other:?}"),
                };
                let name = map.metadata.name.clone().unwrap();
                assert_eq!(there.contains(&name), !comes, "{name}");
                last = map.metadata.resource_version.clone().unwrap();
                if comes {
                    there.push(name);
                    continue;
                }
                let (count, at) = seen.insert(name.clone(), (writes(&map), revision(&map))).unwrap();
                assert_eq!(writes(&map), count + 1, "{name}: an event is missing");
                assert!(revision(&map) > at, "{name}: out of order");
                if done(&seen) {
                    return;
                }
            }
        }
        return;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_update_and_no_event_is_lost() {
    let cluster = EmbeddedCluster::builder("test").seed(1).start().await.unwrap();
    let maps = || Api::<ConfigMap>::namespaced(cluster.client(), "kube-public");
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for object in 0..OBJECTS {
        maps().create(&PostParams::default(), &map(&name(object))).await.unwrap();
        expected.insert(name(object), 0);
    }
    for (writer, turn) in (0..WRITERS).flat_map(|writer| (0..WRITES).map(move |turn| (writer, turn))) {
        *expected.get_mut(&name((writer * 7 + turn * 3) % OBJECTS)).unwrap() += 1;
    }
    let watcher = |number: usize| {
        let only = (!number.is_multiple_of(WATCH_ALL)).then(|| name(number % OBJECTS));
        tokio::spawn(follow(maps(), only, expected.clone()))
    };
    let watchers: Vec<_> = (0..WATCHERS).map(watcher).collect();
    let writers = (0..WRITERS).map(|number| tokio::spawn(write(maps(), number)));
    let others = (0..WATCH_ALL).map(|number| tokio::spawn(come_and_go(maps(), number)));
    for ended in join_all(writers.chain(others)).await.into_iter().chain(join_all(watchers).await) {
        ended.unwrap();
    }
    for (name, count) in expected {
        assert_eq!(writes(&maps().get(&name).await.unwrap()), count, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn watchers_that_do_not_listen_are_left_behind() {
    let cluster = EmbeddedCluster::builder("test").seed(1).start().await.unwrap();
    let maps = Api::<ConfigMap>::namespaced(cluster.client(), "kube-public");
    maps.create(&PostParams::default(), &map("a")).await.unwrap();
    let since = maps.get("a").await.unwrap().metadata.resource_version.unwrap();
    let mut slow = vec![];
    for number in 0..200 {
        let mut events = maps.watch(&WatchParams::default(), &since).await.unwrap().boxed();
        if number % 2 == 0 {
            slow.push(events);
        } else {
            // It vanishes while it waits.
            assert!(futures::poll!(events.next()).is_pending());
        }
    }
    let mut quick = maps.watch(&WatchParams::default(), &since).await.unwrap().boxed();
    // More than a cluster remembers, for longer than it waits for late readers.
    for count in 1..=1600 {
        if count == 1300 {
            tokio::time::advance(Duration::from_secs(80)).await;
        }
        let data = json!({"data": {"count": count.to_string()}});
        maps.patch("a", &PatchParams::default(), &Patch::Merge(data)).await.unwrap();
        let event = quick.try_next().await.unwrap();
        assert!(
            matches!(&event, Some(WatchEvent::Modified(map)) if writes(map) == count),
            "{event:?}"
        );
    }
    for mut events in slow {
        let event = events.try_next().await.unwrap();
        assert!(matches!(&event, Some(WatchEvent::Error(status)) if status.code == 410), "{event:?}");
        assert!(events.try_next().await.unwrap().is_none());
    }
}

/// Whoever is first: a quota is never exceeded.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn quotas_hold_for_many_at_once() {
    const LIMIT: usize = 30;
    let cluster = EmbeddedCluster::builder("quota").seed(1).start().await.unwrap();
    let quotas: Api<ResourceQuota> = Api::default_namespaced(cluster.client());
    let hard = json!({"count/configmaps": LIMIT.to_string()});
    let quota = serde_json::from_value(json!({"metadata": {"name": "q"}, "spec": {"hard": hard}})).unwrap();
    quotas.create(&PostParams::default(), &quota).await.unwrap();
    let used = |quota: Option<&ResourceQuota>| quota.is_some_and(|quota| quota.status.as_ref().is_some_and(|status| status.used.is_some()));
    kube::runtime::wait::await_condition(quotas, "q", used).await.unwrap();
    let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    let writers = (0..WRITERS).map(|writer| {
        let maps = maps.clone();
        tokio::spawn(async move {
            let made = maps.create(&PostParams::default(), &map(&format!("map-{writer}"))).await;
            made.is_err_and(|error| matches!(error, kube::Error::Api(status) if status.code == 403))
        })
    });
    let refused = join_all(writers)
        .await
        .into_iter()
        .filter(|refused| *refused.as_ref().unwrap())
        .count();
    let there = maps.list(&ListParams::default()).await.unwrap().items.len();
    // The authority's certificate may have come meanwhile, or not.
    assert_eq!(there, LIMIT);
    assert!([WRITERS - LIMIT, WRITERS - LIMIT + 1].contains(&refused), "{refused}");
}
