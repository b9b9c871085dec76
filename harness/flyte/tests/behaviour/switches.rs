//! Each switch: the fault is seen without it and gone with it.

use std::time::Duration;

use serde_json::{Value, json};
use simnet::Effect;

use super::bench::{Bench, HOME, Run};
use super::plane::{Asked, DOMAIN, Plane, cluster_of, clusters, code, config, namespace, object, phase_of};

const ZONES: [&str; 2] = ["dataplane_1", "dataplane_2"];
const NAMESPACE: &str = "team1-development";

/// A world with a switch of placement on or off.
async fn world(switch: &str, on: bool) -> (Bench, Plane) {
    let bench = Bench::start(&ZONES).await;
    for zone in ZONES {
        bench.make(zone, namespace(NAMESPACE)).await;
    }
    let plane = bench.ready(&sections(switch, on)).await;
    (bench, plane)
}

fn sections(switch: &str, on: bool) -> Value {
    let mut sections = clusters(&ZONES);
    sections["flyteadmin"] = json!({"metadataStoragePrefix": ["metadata", "admin"], "eventVersion": 2, "multiplane": {switch: on}});
    sections
}

fn asked(name: &str, label: &str) -> Asked {
    Asked {
        name: name.to_owned(),
        label: Some(label.to_owned()),
        ..Asked::default()
    }
}

#[tokio::test(start_paused = true)]
async fn strict_labels() {
    for (on, phase) in [(false, "UNDEFINED"), (true, "FAILED")] {
        let (_bench, plane) = world("strictLabels", on).await;
        plane.submit(DOMAIN, &asked("run", "misspelt")).await.unwrap();
        let stored = plane.stored("run").await.unwrap();
        assert_eq!(phase_of(&stored), phase, "{on}");
        assert_eq!(cluster_of(&stored).is_empty(), on);
        // What needs no label, and what has a good one, is placed.
        for asked in [
            asked("good", "label2"),
            Asked {
                name: "plain".to_owned(),
                ..Asked::default()
            },
        ] {
            plane.submit(DOMAIN, &asked).await.unwrap();
            assert_eq!(
                phase_of(&plane.stored(&asked.name).await.unwrap()),
                "UNDEFINED",
                "{on}: {}",
                asked.name
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn refuse_used_names() {
    for (on, places) in [(false, 2), (true, 1)] {
        let (bench, plane) = world("refuseUsedNames", on).await;
        plane.submit(DOMAIN, &asked("run", "label1")).await.unwrap();
        let second = plane.submit(DOMAIN, &asked("run", "label2")).await;
        assert_eq!(code(&second), "AlreadyExists");
        let mut found = 0;
        for zone in ZONES {
            found += usize::from(bench.object(zone, &object(NAMESPACE, "run")).await.is_some());
        }
        assert_eq!(found, places, "{on}");
    }
}

#[tokio::test(start_paused = true)]
async fn abort_when_gone() {
    for (on, phase) in [(false, "ABORTING"), (true, "ABORTED")] {
        let (bench, plane) = world("abortWhenGone", on).await;
        plane.bring("run", Some("label1".to_owned()), "RUNNING", "dataplane_1").await;
        let mut free = object(NAMESPACE, "run");
        free["metadata"]["finalizers"] = Value::Null;
        bench.patch("dataplane_1", &free).await;
        bench.remove("dataplane_1", &free).await;
        plane.terminate("run").await.unwrap();
        assert_eq!(phase_of(&plane.stored("run").await.unwrap()), phase, "{on}");
    }
}

#[tokio::test(start_paused = true)]
async fn reread_tokens() {
    for (on, cluster) in [(false, "dataplane_1"), (true, "")] {
        let (bench, plane) = world("rereadTokens", on).await;
        // The file now holds a token that nobody accepts: who still uses the old one does not notice.
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": format!("{}-credentials", plane.pod), "namespace": "flyte"},
                            "stringData": {"dataplane_1_token": "another"}});
        bench.patch(HOME, &secret).await;
        tokio::time::sleep(Duration::from_secs(180)).await;
        plane.submit(DOMAIN, &asked("run", "label1")).await.unwrap();
        assert_eq!(cluster_of(&plane.stored("run").await.unwrap()), cluster, "{on}");
    }
}

#[tokio::test(start_paused = true)]
async fn cache_per_cluster() {
    for on in [false, true] {
        let bench = Bench::start(&ZONES).await;
        let mut sections = clusters(&ZONES);
        sections["cluster_resources"] =
            json!({"templatePath": "/etc/flyte/templates", "refreshInterval": "60s", "multiplane": {"cachePerCluster": on}});
        sections["domains"] = json!([{"id": "development", "name": "development"}]);
        let plane = bench.admin(&sections).await.unwrap();
        plane.project("team1").await;
        let cut = bench.cut("dataplane_2", Effect::Refuse);
        let run = Run {
            command: vec!["clusterresource", "run"],
            config: config(&sections),
            credentials: bench.credentials.clone(),
            templates: [("aa.yaml".to_owned(), namespace("{{ namespace }}").to_string())].into(),
            without_account: false,
        };
        bench.run(HOME, "flyteadmin", &run).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        bench.network.rules().remove(cut);
        tokio::time::sleep(Duration::from_secs(180)).await;
        assert!(bench.object("dataplane_1", &namespace(NAMESPACE)).await.is_some());
        assert_eq!(bench.object("dataplane_2", &namespace(NAMESPACE)).await.is_some(), on);
    }
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_there_is_not_stops_the_start() {
    let bench = Bench::start(&ZONES).await;
    let log = bench.admin(&sections("strictLables", true)).await.err().unwrap();
    assert!(log.contains("strictLabels"), "{log}");
}
