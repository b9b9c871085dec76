//! Kind `attribute_api`.

use flyte::proto::admin::matching_attributes::Target;
use flyte::proto::admin::*;
use serde::Deserialize;
use tonic::Status;

use super::bench::Bench;
use super::plane::{Plane, clusters, code, message};
use super::table::{Differences, cases, given, verdict};

const LABEL: i32 = MatchableResource::ExecutionClusterLabel as i32;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    steps: Vec<Step>,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    rpc: String,
    project: String,
    #[serde(default)]
    domain: String,
    #[serde(default)]
    workflow: String,
    #[serde(default, deserialize_with = "given")]
    label: Option<Option<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    grpc_code: Option<String>,
    contains: Option<String>,
    label: Option<String>,
    note: Option<String>,
    rows: Option<Vec<Row>>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Row {
    level: String,
    label: String,
}

/// What a reading call answers: the label, and the workflow that it names.
type Answer = Result<Option<(String, String)>, Status>;

#[tokio::test(start_paused = true)]
async fn labels_are_stored_read_and_deleted_by_level() {
    let cases: Vec<(String, Case)> = cases("attribute_api");
    let mut found = Vec::new();
    for (id, case) in &cases {
        let bench = Bench::start(&["dataplane_1"]).await;
        let plane = bench.admin(&clusters(&["dataplane_1"])).await.unwrap();
        plane.project("team1").await;
        plane.project("archived").await;
        let archived = Project {
            id: "archived".to_owned(),
            state: project::ProjectState::Archived as i32,
            ..Project::default()
        };
        plane.client.clone().update_project(archived).await.unwrap();
        found.push(run(&plane, id, case).await);
    }
    verdict(cases.len(), found);
}

async fn run(plane: &Plane, id: &str, case: &Case) -> Vec<String> {
    let mut differences = Differences::of(id);
    let mut last = Ok(None);
    for (number, step) in case.steps.iter().enumerate() {
        last = call(plane, step).await;
        if number + 1 < case.steps.len() {
            differences.check(last.is_ok(), format!("step {number}: {last:?}"));
        }
    }
    let expect = &case.expect;
    // Where nothing else is expected, the calls succeed.
    let expected = expect.grpc_code.clone().unwrap_or_else(|| "OK".to_owned());
    differences.compare("code", Some(expected), code(&last));
    differences.contains("message", expect.contains.as_deref(), &message(&last));
    let read = last.ok().flatten();
    if let Some(label) = &expect.label {
        differences.compare("label", Some(Some(label)), read.as_ref().map(|(label, _)| label));
    }
    match expect.note.as_deref() {
        None => {}
        Some("the workflow field of the answer is empty") => {
            differences.compare("workflow", Some(Some("")), read.as_ref().map(|(_, workflow)| workflow.as_str()));
        }
        Some(other) => panic!("{id}: no way to look at: {other}"),
    }
    if let Some(rows) = &expect.rows {
        differences.compare("rows", Some(rows), &stored(plane).await);
    }
    differences.into_found()
}

async fn stored(plane: &Plane) -> Vec<Row> {
    let request = ListMatchableAttributesRequest {
        resource_type: LABEL,
        org: String::new(),
    };
    let rows = plane
        .client
        .clone()
        .list_matchable_attributes(request)
        .await
        .unwrap()
        .into_inner()
        .configurations;
    let row = |row: MatchableAttributesConfiguration| Row {
        level: match (row.workflow.is_empty(), row.domain.is_empty()) {
            (false, _) => "workflow",
            (true, false) => "project_domain",
            (true, true) => "project",
        }
        .to_owned(),
        label: label(row.attributes),
    };
    rows.into_iter().map(row).collect()
}

fn label(value: Option<MatchingAttributes>) -> String {
    match value.and_then(|value| value.target) {
        Some(Target::ExecutionClusterLabel(label)) => label.value,
        _ => String::new(),
    }
}

async fn call(plane: &Plane, step: &Step) -> Answer {
    let mut client = plane.client.clone();
    let (project, domain, workflow) = (step.project.clone(), step.domain.clone(), step.workflow.clone());
    let org = String::new();
    let matching_attributes = step.label.clone().flatten().map(|value| MatchingAttributes {
        target: Some(Target::ExecutionClusterLabel(ExecutionClusterLabel { value })),
    });
    let resource_type = LABEL;
    match step.rpc.as_str() {
        "UpdateProjectAttributes" => {
            let attributes = Some(ProjectAttributes {
                project,
                matching_attributes,
                org,
            });
            client
                .update_project_attributes(ProjectAttributesUpdateRequest { attributes })
                .await?;
        }
        "UpdateProjectDomainAttributes" => {
            let attributes = Some(ProjectDomainAttributes {
                project,
                domain,
                matching_attributes,
                org,
            });
            client
                .update_project_domain_attributes(ProjectDomainAttributesUpdateRequest { attributes })
                .await?;
        }
        "UpdateWorkflowAttributes" => {
            let attributes = Some(WorkflowAttributes {
                project,
                domain,
                workflow,
                matching_attributes,
                org,
            });
            client
                .update_workflow_attributes(WorkflowAttributesUpdateRequest { attributes })
                .await?;
        }
        "DeleteProjectAttributes" => {
            client
                .delete_project_attributes(ProjectAttributesDeleteRequest {
                    project,
                    resource_type,
                    org,
                })
                .await?;
        }
        "DeleteProjectDomainAttributes" => {
            let request = ProjectDomainAttributesDeleteRequest {
                project,
                domain,
                resource_type,
                org,
            };
            client.delete_project_domain_attributes(request).await?;
        }
        "DeleteWorkflowAttributes" => {
            let request = WorkflowAttributesDeleteRequest {
                project,
                domain,
                workflow,
                resource_type,
                org,
            };
            client.delete_workflow_attributes(request).await?;
        }
        "GetProjectAttributes" => {
            let answer = client
                .get_project_attributes(ProjectAttributesGetRequest {
                    project,
                    resource_type,
                    org,
                })
                .await?;
            let attributes = answer.into_inner().attributes.unwrap();
            return Ok(Some((label(attributes.matching_attributes), String::new())));
        }
        "GetWorkflowAttributes" => {
            let request = WorkflowAttributesGetRequest {
                project,
                domain,
                workflow,
                resource_type,
                org,
            };
            let attributes = client.get_workflow_attributes(request).await?.into_inner().attributes.unwrap();
            return Ok(Some((label(attributes.matching_attributes), attributes.workflow)));
        }
        other => panic!("no call {other}"),
    }
    Ok(None)
}
