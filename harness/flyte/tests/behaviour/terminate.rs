//! Kind `terminate`.

use flyte::proto::admin::event_failure_reason::Reason;
use flyte::proto::admin::matching_attributes::Target;
use flyte::proto::admin::{ExecutionClusterLabel, MatchingAttributes, ProjectDomainAttributes, ProjectDomainAttributesUpdateRequest};
use serde::Deserialize;
use serde_json::{Value, json};
use simnet::Effect;

use super::bench::{Bench, HOME};
use super::event::reason;
use super::plane::{Plane, clusters, code, message, namespace, object, phase_of};
use super::table::{self, Differences, cases, given, verdict};

type Case = table::Case<Given, Expect>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    phase: String,
    cluster: String,
    data_plane: Option<String>,
    #[serde(default)]
    attributes: Vec<Attribute>,
    cluster_state: Option<String>,
    config: Option<String>,
    database: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    project: String,
    domain: String,
    label: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    grpc_code: String,
    phase: Option<String>,
    #[serde(default, deserialize_with = "given")]
    delete: Option<Option<Delete>>,
    contains: Option<String>,
    retry: Option<String>,
    detail: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    cluster: String,
    propagation: Option<String>,
}

#[tokio::test(start_paused = true)]
async fn runs_are_terminated_on_their_recorded_cluster() {
    let cases: Vec<(String, Case)> = cases("terminate");
    let mut found = Vec::new();
    for (id, case) in &cases {
        found.push(run(id, case).await);
    }
    verdict(cases.len(), found);
}

const NAMESPACE: &str = "team1-development";

async fn run(id: &str, case: &Case) -> Vec<String> {
    let mut differences = Differences::of(id);
    let given = &case.given;
    let mut zones = vec!["dataplane_1", "dataplane_2"];
    if let Some(other) = ["dp2", "gone"].into_iter().find(|name| *name == given.cluster) {
        zones.push(other);
    }
    let bench = Bench::start(&zones).await;
    let (plane, after) = prepare(&bench, given, &zones).await;
    let plane = match after {
        Some(sections) => bench.again(plane, &sections).await,
        None => plane,
    };
    let cut = match given.data_plane.as_deref() {
        None | Some("ok") => None,
        Some("unreachable") => Some(bench.cut(&given.cluster, Effect::Drop)),
        Some("not_found") => {
            let mut free = object(NAMESPACE, "run");
            free["metadata"]["finalizers"] = Value::Null;
            bench.patch(&given.cluster, &free).await;
            bench.remove(&given.cluster, &free).await;
            None
        }
        Some(other) => panic!("{id}: no way to a data plane that is {other}"),
    };
    match given.database.as_deref() {
        None => {}
        Some("update_fails") => bench.database().set_read_only(true),
        Some(other) => panic!("{id}: no way to a database that {other}"),
    }
    let result = plane.terminate("run").await;
    let expect = &case.expect;
    match expect.grpc_code.as_str() {
        "<of the database error>" => differences.check(result.is_err(), "the database's refusal is not shown"),
        expected => differences.compare("code", Some(expected.to_owned()), code(&result)),
    }
    differences.contains("message", expect.contains.as_deref(), &message(&result));
    let terminal = matches!(result.as_ref().err().and_then(reason), Some(Reason::AlreadyInTerminalState(_)));
    let detail = terminal.then(|| "already_in_terminal_state".to_owned());
    differences.compare("detail", Some(expect.detail.clone()), detail);
    bench.database().set_read_only(false);
    let phase = plane.stored("run").await.map(|stored| phase_of(&stored));
    // Without a word about it, only a run that could be stopped changes its phase.
    let unchanged = result.is_err().then(|| given.phase.clone());
    differences.compare("phase", expect.phase.clone().or(unchanged).map(Some), phase);
    match &expect.delete {
        None => {}
        Some(expected) => {
            let deleted = deleted(&bench, &zones).await;
            let wanted: Vec<&str> = expected.iter().map(|delete| delete.cluster.as_str()).collect();
            let found: Vec<&str> = deleted.iter().map(|(zone, _)| *zone).collect();
            differences.compare("deleted on", Some(wanted), found);
            if let Some(propagation) = expected.as_ref().and_then(|delete| delete.propagation.clone()) {
                let policies: Vec<_> = deleted.iter().map(|(_, object)| policy(object)).collect();
                differences.compare("propagation", Some(vec![propagation.as_str()]), policies);
            }
        }
    }
    match expect.retry.as_deref() {
        None => {}
        Some("allowed") => {
            bench.network.rules().remove(cut.unwrap());
            let again = plane.terminate("run").await;
            differences.check(again.is_ok(), format!("the second call is refused: {again:?}"));
            let found: Vec<&str> = deleted(&bench, &zones).await.iter().map(|(zone, _)| *zone).collect();
            differences.compare("deleted by the second call on", Some(vec![given.cluster.as_str()]), found);
        }
        Some(other) => panic!("{id}: no way to look at: {other}"),
    }
    differences.into_found()
}

/// A flyteadmin with the run of the case; and the sections that it is to be restarted with.
async fn prepare(bench: &Bench, given: &Given, zones: &[&str]) -> (Plane, Option<Value>) {
    let with_namespace = given.phase != "FAILED" || !given.cluster.is_empty();
    for zone in zones.iter().copied().chain([HOME]).filter(|_| with_namespace) {
        bench.make(zone, namespace(NAMESPACE)).await;
    }
    let all = clusters(zones);
    let two = clusters(&["dataplane_1", "dataplane_2"]);
    let (before, after) = match (given.cluster.as_str(), given.cluster_state.as_deref(), given.config.as_deref()) {
        // A run of the time before there were several clusters.
        ("", None, Some("guide_two")) => (json!({}), Some(two)),
        (_, Some("disabled"), None) => {
            let mut disabled = all.clone();
            disabled["clusters"]["clusterConfigs"][2]["enabled"] = false.into();
            (all, Some(disabled))
        }
        ("gone", None, None) => (all, Some(two)),
        (_, None, None) => (all, None),
        other => panic!("no way to {other:?}"),
    };
    let plane = bench.ready(&before).await;
    let label = zones.iter().position(|zone| *zone == given.cluster);
    let label = label.map(|index| format!("label{}", index + 1));
    if with_namespace {
        plane.bring("run", label, &given.phase, &given.cluster).await;
    } else {
        // Its object could not be created.
        let asked = super::plane::Asked {
            name: "run".to_owned(),
            ..super::plane::Asked::default()
        };
        plane.submit(super::plane::DOMAIN, &asked).await.unwrap();
        let stored = plane.stored("run").await.unwrap();
        assert_eq!(phase_of(&stored), given.phase);
    }
    for Attribute { project, domain, label } in &given.attributes {
        let attributes = ProjectDomainAttributes {
            project: project.clone(),
            domain: domain.clone(),
            matching_attributes: Some(MatchingAttributes {
                target: Some(Target::ExecutionClusterLabel(ExecutionClusterLabel { value: label.clone() })),
            }),
            org: String::new(),
        };
        let request = ProjectDomainAttributesUpdateRequest {
            attributes: Some(attributes),
        };
        plane.client.clone().update_project_domain_attributes(request).await.unwrap();
    }
    (plane, after)
}

/// The objects that are being deleted; propeller, which is not there, would let go of them.
async fn deleted<'a>(bench: &Bench, zones: &[&'a str]) -> Vec<(&'a str, Value)> {
    let mut deleted = Vec::new();
    for zone in zones {
        let found = bench.object(zone, &object(NAMESPACE, "run")).await;
        if let Some(found) = found.filter(|object| !object["metadata"]["deletionTimestamp"].is_null()) {
            deleted.push((*zone, found));
        }
    }
    deleted
}

/// How dependents of an object that is being deleted go: the API server leaves finalizers for all ways but one.
fn policy(object: &Value) -> &'static str {
    let has = |name: &str| {
        object["metadata"]["finalizers"]
            .as_array()
            .is_some_and(|all| all.iter().any(|finalizer| finalizer == name))
    };
    match (has("foregroundDeletion"), has("orphan")) {
        (true, _) => "Foreground",
        (_, true) => "Orphan",
        _ => "Background",
    }
}
