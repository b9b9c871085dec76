//! The kinds `event`, `terminate` and `attribute_api` of the table, and `create` by its conditions.

use serde_json::Value;
use tonic::Code;

use super::support::{Plane, plane};
use crate::admin::error::AdminError;
use crate::admin::executions::phase_name;
use crate::proto::admin::event_failure_reason::Reason;
use crate::proto::admin::matching_attributes::Target;
use crate::proto::admin::{
    ExecutionClusterLabel, ExecutionCreateRequest, ExecutionSpec, ExecutionTerminateRequest, MatchableResource, MatchingAttributes,
};
use crate::proto::core::workflow_execution::Phase;
use crate::proto::core::{Identifier, ResourceType, WorkflowExecutionIdentifier};
use crate::proto::event::WorkflowExecutionEvent;
use crate::stores::{AttributeKey, ExecutionKey, ExecutionRow};

const TABLE: &str = include_str!("../../../tests/data/placement-cases.yaml");
const TWO: [(&str, bool); 2] = [("dataplane_1", true), ("dataplane_2", true)];

fn cases(kind: &str) -> Vec<Value> {
    let table = yaml::manifest::documents(TABLE).unwrap().remove(0);
    let cases = table["cases"].as_array().unwrap().iter();
    cases.filter(|case| case["kind"] == kind).cloned().collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn code(result: &Result<(), AdminError>) -> String {
    format!("{:?}", result.as_ref().err().map_or(Code::Ok, |error| error.code)).replace("Ok", "OK")
}

fn run() -> ExecutionKey {
    ExecutionKey {
        project: "team1".to_owned(),
        domain: "development".to_owned(),
        name: "run".to_owned(),
    }
}

fn store(plane: &Plane, phase: &str, cluster: &str) {
    let mut row = ExecutionRow {
        spec: ExecutionSpec::default(),
        closure: Default::default(),
        cluster: cluster.to_owned(),
        inputs_uri: String::new(),
        outputs_uri: String::new(),
    };
    row.closure.phase = Phase::from_str_name(phase).unwrap() as i32;
    plane.admin.database.write(|tables| tables.executions.insert(run(), row)).unwrap();
}

fn stored(plane: &Plane) -> (String, String) {
    let (_, row) = plane.admin.execution_row(Some(&run().id())).unwrap();
    (phase_name(row.closure.phase).to_owned(), row.cluster)
}

fn check_reason(id: &str, expect: &Value, result: &Result<(), AdminError>) {
    let reason = result.as_ref().err().and_then(|error| error.reason.clone());
    let (name, cluster) = match &reason {
        Some(Reason::IncompatibleCluster(reason)) => ("incompatible_cluster", reason.cluster.as_str()),
        Some(Reason::AlreadyInTerminalState(_)) => ("already_in_terminal_state", ""),
        None => ("", ""),
    };
    assert_eq!(name, text(expect, "detail"), "{id}");
    assert_eq!(cluster, text(expect, "detail_cluster"), "{id}");
}

#[test]
fn workflow_events_are_checked_in_flytes_order() {
    let mut checked = 0;
    for case in cases("event").iter().filter(|case| case["event"]["rpc"] == "CreateWorkflowEvent") {
        let (id, expect) = (text(case, "id"), &case["expect"]);
        let plane = plane(&TWO, None);
        let execution = &case["execution"];
        if !execution.is_null() {
            store(&plane, text(execution, "phase"), text(execution, "cluster"));
        }
        let result = plane.admin.workflow_event(Some(WorkflowExecutionEvent {
            execution_id: Some(run().id()),
            producer_id: text(&case["event"], "producer_id").to_owned(),
            phase: Phase::from_str_name(text(&case["event"], "phase")).unwrap() as i32,
            ..WorkflowExecutionEvent::default()
        }));
        assert_eq!(code(&result), text(expect, "grpc_code"), "{id}: {result:?}");
        check_reason(id, expect, &result);
        if result.is_ok() {
            assert_eq!(
                stored(&plane),
                (text(expect, "phase").to_owned(), text(expect, "cluster").to_owned()),
                "{id}"
            );
        }
        checked += 1;
    }
    assert_eq!(checked, 19);
}

#[tokio::test(start_paused = true)]
async fn runs_are_terminated_on_their_recorded_cluster() {
    for case in cases("terminate") {
        let (id, given, expect) = (text(&case, "id"), &case["given"], &case["expect"]);
        let clusters = [TWO[0], TWO[1], ("dp2", text(given, "cluster_state") != "disabled")];
        let refusal = (text(given, "data_plane") == "unreachable").then_some("connection refused");
        let plane = plane(&clusters, refusal);
        store(&plane, text(given, "phase"), text(given, "cluster"));
        plane.admin.database.set_read_only(given["database"] == "update_fails");
        let request = ExecutionTerminateRequest {
            id: Some(run().id()),
            cause: "test".to_owned(),
        };
        let result = plane.admin.terminate_execution(&request).await;
        if !text(expect, "grpc_code").starts_with('<') {
            assert_eq!(code(&result), text(expect, "grpc_code"), "{id}: {result:?}");
        }
        check_reason(id, expect, &result);
        if let Some(part) = expect["contains"].as_str() {
            assert!(result.as_ref().unwrap_err().message.contains(part), "{id}: {result:?}");
        }
        if let Some(phase) = expect["phase"].as_str() {
            assert_eq!(stored(&plane).0, phase, "{id}");
        }
        for (name, cluster) in &plane.clusters {
            let deleted = !cluster.deleted.lock().unwrap().is_empty();
            let recorded = result.is_ok() && text(given, "cluster") == name;
            assert_eq!(deleted, recorded, "{id}: {name}");
        }
    }
}

#[test]
fn attributes_are_stored_read_and_deleted_by_level() {
    for case in cases("attribute_api") {
        let (id, expect) = (text(&case, "id"), &case["expect"]);
        let plane = plane(&TWO, None);
        let mut last = Ok(None);
        for step in case["steps"].as_array().unwrap() {
            last = attribute_call(&plane, step);
        }
        let answer = last.clone().map(|_| ());
        if let Some(expected) = expect["grpc_code"].as_str() {
            assert_eq!(code(&answer), expected, "{id}: {last:?}");
        }
        if let Some(part) = expect["contains"].as_str() {
            assert!(last.as_ref().unwrap_err().message.contains(part), "{id}: {last:?}");
        }
        if let Some(label) = expect["label"].as_str() {
            assert_eq!(last.unwrap().as_deref(), Some(label), "{id}");
        }
        if let Some(rows) = expect["rows"].as_array() {
            let stored = plane.admin.labels("team1").unwrap();
            let stored: Vec<_> = stored
                .rows()
                .iter()
                .map(|row| (row.key.level().as_str(), row.label.as_str()))
                .collect();
            let rows: Vec<_> = rows.iter().map(|row| (text(row, "level"), text(row, "label"))).collect();
            assert_eq!(stored, rows, "{id}");
        }
    }
}

/// One call below the gRPC service, which only checks that fields are there.
fn attribute_call(plane: &Plane, step: &Value) -> Result<Option<String>, AdminError> {
    let rpc = text(step, "rpc");
    if rpc.contains("Workflow") && text(step, "workflow").is_empty() {
        return Err(AdminError::missing("name"));
    }
    let key = AttributeKey {
        project: text(step, "project").to_owned(),
        domain: text(step, "domain").to_owned(),
        workflow: text(step, "workflow").to_owned(),
        resource: MatchableResource::ExecutionClusterLabel as i32,
    };
    let label = |value: MatchingAttributes| match value.target {
        Some(Target::ExecutionClusterLabel(label)) => Some(label.value),
        _ => None,
    };
    let admin = &plane.admin;
    if rpc.starts_with("Update") {
        let value = step["label"].as_str().map(|value| MatchingAttributes {
            target: Some(Target::ExecutionClusterLabel(ExecutionClusterLabel { value: value.to_owned() })),
        });
        admin.update_attributes(key, value).map(|()| None)
    } else if rpc.starts_with("Delete") {
        admin.delete_attributes(&key).map(|()| None)
    } else if rpc == "GetProjectAttributes" {
        admin.project_attributes(&key).map(label)
    } else {
        admin.attributes(&key).map(|(_, value)| label(value))
    }
}

fn request(kind: ResourceType, name: &str, target: &str) -> ExecutionCreateRequest {
    ExecutionCreateRequest {
        project: "team1".to_owned(),
        domain: "development".to_owned(),
        name: name.to_owned(),
        spec: Some(ExecutionSpec {
            launch_plan: Some(Identifier {
                resource_type: kind as i32,
                project: "team1".to_owned(),
                domain: "development".to_owned(),
                name: target.to_owned(),
                version: "v1".to_owned(),
                org: String::new(),
            }),
            ..ExecutionSpec::default()
        }),
        inputs: None,
        org: String::new(),
    }
}

fn id(name: &str) -> WorkflowExecutionIdentifier {
    let mut key = run();
    key.name = name.to_owned();
    key.id()
}

#[tokio::test(start_paused = true)]
async fn a_launch_plan_hides_what_a_task_shows() {
    let plane = plane(&TWO, Some("namespaces \"team1-development\" not found"));
    let plan = request(ResourceType::LaunchPlan, "run", "example.flaky_workflow");
    plane.admin.create_execution(plan).await.unwrap();
    let execution = plane.admin.execution(Some(&id("run"))).unwrap();
    assert_eq!(execution.closure.unwrap().phase, Phase::Failed as i32);
    let task = request(ResourceType::Task, "task", "example.flaky");
    let error = plane.admin.create_execution(task).await.unwrap_err();
    assert_eq!(error.code, Code::Internal);
    assert!(error.message.starts_with("failed to create workflow in propeller"), "{error}");
    assert_eq!(plane.admin.execution(Some(&id("task"))).unwrap_err().code, Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_used_name_leaves_objects_on_both_clusters() {
    let plane = plane(&TWO, None);
    let mut codes = Vec::new();
    for label in ["label1", "label2"] {
        let mut request = request(ResourceType::LaunchPlan, "reused", "example.flaky_workflow");
        let spec = request.spec.get_or_insert_default();
        spec.execution_cluster_label = Some(ExecutionClusterLabel { value: label.to_owned() });
        codes.push(code(&plane.admin.create_execution(request).await.map(|_| ())));
    }
    assert_eq!(codes, ["OK", "AlreadyExists"]);
    for cluster in plane.clusters.values() {
        assert_eq!(*cluster.created.lock().unwrap(), ["team1-development/reused"]);
    }
    let (_, row) = plane.admin.execution_row(Some(&id("reused"))).unwrap();
    assert_eq!(row.cluster, "dataplane_1");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_stored_leaves_an_orphan() {
    let plane = plane(&TWO, None);
    plane.admin.database.set_read_only(true);
    let request = request(ResourceType::LaunchPlan, "run", "example.flaky_workflow");
    assert!(plane.admin.create_execution(request).await.is_err());
    let created: usize = plane.clusters.values().map(|cluster| cluster.created.lock().unwrap().len()).sum();
    assert_eq!(created, 1);
}
