//! Kind `event`.

use flyte::proto::admin::event_failure_reason::Reason;
use flyte::proto::admin::{EventFailureReason, NodeExecutionEventRequest, TaskExecutionEventRequest};
use flyte::proto::core::{Identifier, NodeExecutionIdentifier, ResourceType};
use flyte::proto::event::{NodeExecutionEvent, TaskExecutionEvent};
use prost::Message;
use serde::Deserialize;
use serde_json::json;
use tonic::{Code, Status};

use super::bench::Bench;
use super::plane::{Plane, cluster_of, clusters, code, id, phase_of};
use super::table::{Differences, cases, given, verdict};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    execution: Option<Stored>,
    event: Event,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    phase: String,
    cluster: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    rpc: String,
    #[serde(default)]
    phase: String,
    producer_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    grpc_code: String,
    phase: Option<String>,
    cluster: Option<String>,
    #[serde(default, deserialize_with = "given")]
    detail: Option<Option<String>>,
    detail_cluster: Option<String>,
}

#[tokio::test(start_paused = true)]
async fn events_are_checked_in_flytes_order() {
    let cases: Vec<(String, Case)> = cases("event");
    let mut found = Vec::new();
    // Few places, many runs: each case has a run of its own.
    let mut places: Vec<(Vec<&str>, Bench, Plane)> = Vec::new();
    for (number, (id, case)) in cases.iter().enumerate() {
        let cluster = case.execution.as_ref().map_or("", |stored| stored.cluster.as_str());
        let zones = match (cluster, &case.execution) {
            ("", Some(_)) => vec![],
            ("C1", _) => vec!["C1", "C2"],
            _ => vec!["dataplane_1", "dataplane_2"],
        };
        if !places.iter().any(|(known, _, _)| *known == zones) {
            let bench = Bench::start(&zones).await;
            let sections = if zones.is_empty() { json!({}) } else { clusters(&zones) };
            let plane = bench.ready(&sections).await;
            for zone in zones.iter().copied().chain(zones.is_empty().then_some(super::bench::HOME)) {
                bench.make(zone, super::plane::namespace("team1-development")).await;
            }
            places.push((zones.clone(), bench, plane));
        }
        let (_, _, plane) = places.iter().find(|(known, _, _)| *known == zones).unwrap();
        found.push(run(plane, id, case, &zones, &format!("run-{number}")).await);
    }
    verdict(cases.len(), found);
}

async fn run(plane: &Plane, id: &str, case: &Case, zones: &[&str], name: &str) -> Vec<String> {
    let mut differences = Differences::of(id);
    if let Some(stored) = &case.execution {
        let label = zones.iter().position(|zone| *zone == stored.cluster);
        let label = label.map(|index| format!("label{}", index + 1));
        plane.bring(name, label, &stored.phase, &stored.cluster).await;
    }
    let result = send(plane, &case.event, name).await;
    let expect = &case.expect;
    differences.compare("code", Some(expect.grpc_code.clone()), code(&result));
    let reason = result.as_ref().err().and_then(reason);
    let (detail, cluster) = match &reason {
        Some(Reason::IncompatibleCluster(reason)) => (Some("incompatible_cluster"), reason.cluster.as_str()),
        Some(Reason::AlreadyInTerminalState(_)) => (Some("already_in_terminal_state"), ""),
        None => (None, ""),
    };
    let expected = expect.detail.clone().unwrap_or_default();
    differences.compare("detail", Some(expected), detail.map(str::to_owned));
    differences.compare("detail_cluster", expect.detail_cluster.clone(), cluster.to_owned());
    let now = plane.stored(name).await;
    match (&now, &case.execution, &result) {
        (Some(now), _, Ok(())) => {
            differences.compare("phase", expect.phase.clone(), phase_of(now));
            differences.compare("cluster", expect.cluster.clone(), cluster_of(now));
        }
        // What is refused changes nothing.
        (Some(now), Some(before), Err(_)) => {
            differences.compare("phase", Some(before.phase.clone()), phase_of(now));
            differences.compare("cluster", Some(before.cluster.clone()), cluster_of(now));
        }
        (now, _, _) => differences.check(now.is_none() && case.execution.is_none(), "the run came from nowhere"),
    }
    differences.into_found()
}

async fn send(plane: &Plane, event: &Event, name: &str) -> Result<(), Status> {
    let node = NodeExecutionIdentifier {
        node_id: "n0".to_owned(),
        execution_id: Some(id(name)),
    };
    match event.rpc.as_str() {
        "CreateWorkflowEvent" => plane.event(name, &event.phase, &event.producer_id).await,
        "CreateNodeEvent" => {
            let event = NodeExecutionEvent {
                id: Some(node),
                producer_id: event.producer_id.clone(),
                ..NodeExecutionEvent::default()
            };
            let request = NodeExecutionEventRequest {
                request_id: String::new(),
                event: Some(event),
            };
            plane.client.clone().create_node_event(request).await.map(|_| ())
        }
        "CreateTaskEvent" => {
            let event = TaskExecutionEvent {
                task_id: Some(Identifier {
                    resource_type: ResourceType::Task as i32,
                    project: "team1".to_owned(),
                    domain: "development".to_owned(),
                    name: "example.flaky".to_owned(),
                    version: "v1".to_owned(),
                    org: String::new(),
                }),
                parent_node_execution_id: Some(node),
                producer_id: event.producer_id.clone(),
                ..TaskExecutionEvent::default()
            };
            let request = TaskExecutionEventRequest {
                request_id: String::new(),
                event: Some(event),
            };
            plane.client.clone().create_task_event(request).await.map(|_| ())
        }
        other => panic!("no call {other}"),
    }
}

/// `google.rpc.Status`, the wire form of details.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

impl RpcStatus {
    pub(crate) fn with(code: Code, details: prost_types::Any) -> Self {
        Self {
            code: code as i32,
            details: vec![details],
        }
    }
}

/// The reason in a refusal's details.
pub(crate) fn reason(status: &Status) -> Option<Reason> {
    let details = RpcStatus::decode(status.details()).unwrap().details;
    let any = details
        .into_iter()
        .find(|any| any.type_url.ends_with("flyteidl.admin.EventFailureReason"))?;
    EventFailureReason::decode(any.value.as_slice()).unwrap().reason
}
