//! Kind `startup` with a fault in a cluster's files or server.

use serde::Deserialize;
use serde_json::{Value, json};
use simnet::Effect;

use super::bench::{Bench, HOME, Run};
use super::plane::{Asked, DOMAIN, Plane, cluster_of, clusters, config, entry, namespace};
use super::table::{Differences, cases, verdict};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    fault: Fault,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    cluster: Option<String>,
    enabled: Option<bool>,
    token_file: Option<String>,
    ca_file: Option<String>,
    api_server: Option<String>,
    in_cluster: Option<bool>,
    service_account_mount: Option<String>,
    endpoint: Option<String>,
    config_file: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    outcome: String,
    contains: Option<String>,
    later: Option<String>,
    base_url: Option<String>,
}

#[tokio::test(start_paused = true)]
async fn faults_stop_the_start_or_show_later() {
    let cases: Vec<(String, Case)> = cases("startup with a fault");
    let mut found = Vec::new();
    for (id, case) in &cases {
        found.push(run(id, case).await);
    }
    verdict(cases.len(), found);
}

/// A healthy cluster stands beside the faulty one, so that a start does not fail for want of clusters.
const HEALTHY: &str = "dp2";

async fn run(id: &str, case: &Case) -> Vec<String> {
    let mut differences = Differences::of(id);
    let fault = &case.fault;
    let bench = Bench::start(&["dp1", HEALTHY]).await;
    for zone in ["dp1", HEALTHY, HOME] {
        bench.make(zone, namespace("team1-development")).await;
    }
    if fault.endpoint.is_some() {
        // The address of the case leads to the cluster.
        bench.network.name("dp1.example", "dp1", "api");
    }
    let start = prepare(&bench, fault);
    let pod = bench.admin_of(start.clone()).await;
    let outcome = if pod.is_ok() { "ok" } else { "panic" };
    differences.compare("outcome", Some(case.expect.outcome.as_str()), outcome);
    let log = pod.as_ref().err().cloned().unwrap_or_default();
    differences.contains("log", case.expect.contains.as_deref(), &log);
    let Ok(plane) = pod else { return differences.into_found() };
    plane.project("team1").await;
    plane.workflows("team1", DOMAIN).await;
    if let Some(url) = &case.expect.base_url {
        // Whoever answers under the bare address does so over TLS only.
        assert_eq!(url, "https://dp1.example:6443");
        let (cluster, error) = create(&plane, "base-url").await;
        differences.compare("cluster", Some("dp1".to_owned()), cluster);
        differences.compare("error", Some(String::new()), error);
    }
    if let Some(text) = &case.expect.later {
        later(&mut differences, &bench, plane, text, &start).await;
    }
    differences.into_found()
}

fn prepare(bench: &Bench, fault: &Fault) -> Run {
    let cluster = fault.cluster.as_deref().unwrap_or("dp1");
    let mut sections = clusters(&["dp1", HEALTHY]);
    let mut credentials = bench.credentials.clone();
    if fault.in_cluster == Some(true) {
        sections["clusters"]["clusterConfigs"] = json!([{"name": cluster, "inCluster": true, "enabled": true}, entry(HEALTHY)]);
    } else {
        let first = &mut sections["clusters"]["clusterConfigs"][0];
        assert_eq!(first["name"], cluster);
        first["enabled"] = fault.enabled.unwrap_or(true).into();
        if let Some(endpoint) = &fault.endpoint {
            first["endpoint"] = endpoint.clone().into();
        }
    }
    for (kind, state) in [("token", &fault.token_file), ("cacert", &fault.ca_file)] {
        let name = format!("{cluster}_{kind}");
        match state.as_deref() {
            None | Some("rotated_after_start") => {}
            Some("missing") => drop(credentials.remove(&name)),
            Some("garbage") => drop(credentials.insert(name, "no certificate\n".to_owned())),
            Some("empty") => drop(credentials.insert(name, String::new())),
            Some("trailing_newline") => credentials.get_mut(&name).unwrap().push('\n'),
            Some(other) => panic!("no way to a file that is {other}"),
        }
    }
    match fault.api_server.as_deref() {
        None => {}
        Some("down") => drop(bench.cut(cluster, Effect::Refuse)),
        Some(other) => panic!("no way to a server that is {other}"),
    }
    assert!([None, Some("absent")].contains(&fault.service_account_mount.as_deref()));
    assert!([None, Some("changed_after_start")].contains(&fault.config_file.as_deref()));
    Run {
        config: config(&sections),
        credentials,
        without_account: fault.service_account_mount.is_some(),
        ..Run::default()
    }
}

/// Submits a run for the faulty cluster: where it went, and why it did not go there.
async fn create(plane: &Plane, name: &str) -> (String, String) {
    let asked = Asked {
        name: name.to_owned(),
        label: Some("label1".to_owned()),
        ..Asked::default()
    };
    plane.submit(DOMAIN, &asked).await.unwrap();
    let stored = plane.stored(name).await.unwrap();
    let error = match stored.closure.as_ref().and_then(|closure| closure.output_result.clone()) {
        Some(flyte::proto::admin::execution_closure::OutputResult::Error(error)) => error.message,
        _ => String::new(),
    };
    (cluster_of(&stored), error)
}

async fn later(differences: &mut Differences, bench: &Bench, plane: Plane, text: &str, start: &Run) {
    match text {
        "create fails with a TLS trust error" => {
            let (_, error) = create(&plane, "later").await;
            differences.contains("error", Some("x509: certificate signed by unknown authority"), &error);
        }
        "create fails with 401 or 403" => {
            let (_, error) = create(&plane, "later").await;
            differences.check(
                error.contains("Unauthorized") || error.contains("forbidden"),
                format!("error: {error:?}"),
            );
        }
        "create fails, message contains: invalid header field value for \"Authorization\"" => {
            let (_, error) = create(&plane, "later").await;
            differences.contains("error", Some("invalid header field value for \"Authorization\""), &error);
        }
        "create on dp1 fails" | "create fails unless something answers there" => {
            let (cluster, error) = create(&plane, "later").await;
            differences.check(
                cluster.is_empty() && error.starts_with("failed to create workflow"),
                format!("{cluster:?}: {error:?}"),
            );
        }
        "create uses the old token" => {
            replace(
                bench,
                &plane,
                "Secret",
                "credentials",
                json!({"stringData": {"dp1_token": "another"}}),
            )
            .await;
            let (cluster, error) = create(&plane, "later").await;
            differences.compare(
                "cluster with the old token",
                Some(("dp1".to_owned(), String::new())),
                (cluster, error),
            );
            let mut again = start.clone();
            again.credentials.insert("dp1_token".to_owned(), "another".to_owned());
            let plane = restart(bench, plane, again).await;
            let (_, error) = create(&plane, "restarted").await;
            differences.contains("error after a restart", Some("Unauthorized"), &error);
        }
        "placement unchanged until restart" => {
            let mut changed = start.config.clone();
            changed["clusters"]["labelClusterMap"]["label1"] = json!([{"id": HEALTHY, "weight": 1}]);
            replace(
                bench,
                &plane,
                "ConfigMap",
                "config",
                json!({"data": {"all.yaml": changed.to_string()}}),
            )
            .await;
            differences.compare("cluster", Some("dp1".to_owned()), create(&plane, "later").await.0);
            let again = Run {
                config: changed,
                ..start.clone()
            };
            let plane = restart(bench, plane, again).await;
            differences.compare(
                "cluster after a restart",
                Some(HEALTHY.to_owned()),
                create(&plane, "restarted").await.0,
            );
        }
        other => panic!("no way to look at: {other}"),
    }
}

async fn restart(bench: &Bench, plane: Plane, run: Run) -> Plane {
    bench.stop(HOME, &plane.pod).await;
    bench.admin_of(run).await.unwrap()
}

/// Changes what a running pod has mounted, and gives its node the time to bring it there.
async fn replace(bench: &Bench, plane: &Plane, kind: &str, volume: &str, content: Value) {
    let mut object =
        json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": format!("{}-{volume}", plane.pod), "namespace": "flyte"}});
    object.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    bench.patch(HOME, &object).await;
    tokio::time::sleep(std::time::Duration::from_secs(180)).await;
}
