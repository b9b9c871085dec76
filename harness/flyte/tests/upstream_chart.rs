//! The reference planes under upstream's own manifests: two data planes, labels, runs.

#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(unreachable_pub, reason = "shared by tests")]
mod world;

use std::time::Duration;

use flyte::client::{Admin, Execution, Submission, Target};
use flyte::crd::{ExecutionId, FlyteWorkflow};
use flyte::naming::child_execution_name;
use flyte::placement::AttributeKey;
use flyte::proto::core::workflow_execution::Phase;
use flyte::workflow::WorkflowFile;
use kube::api::Api;
use serde_json::json;
use world::World;

const TRAINING: &str = include_str!("../../../fixtures/workflows/training.yaml");

#[tokio::test(start_paused = true)]
async fn runs_go_where_labels_say_and_end_as_scripted() {
    let world = World::start().await;
    world.deploy().await;
    let admin = world.admin();
    admin.register_project("team1", "Team 1", "").await.unwrap();
    // Namespaces come with the next pass of the resource controller.
    tokio::time::sleep(Duration::from_secs(330)).await;
    let file = WorkflowFile::parse(TRAINING).unwrap();
    admin.register(&file, "team1", "development", "v1").await.unwrap();
    admin
        .set_label(&AttributeKey::new("team1", "development", "", ""), "label2")
        .await
        .unwrap();
    let id = admin.submit(&submission("training-1", "example.training_workflow")).await.unwrap();
    let execution = end(&world, &admin, &id).await;
    assert_eq!(execution.phase, Phase::Succeeded, "{execution:?}");
    assert_eq!(execution.cluster, "dataplane_2");
    for (zone, there) in [("dataplane_1", false), ("dataplane_2", true)] {
        let api: Api<FlyteWorkflow> = Api::namespaced(world.client(zone), "team1-development");
        assert_eq!(api.get_opt("training-1").await.unwrap().is_some(), there, "{zone}");
    }

    // A node that launches a plan starts a run of its own, which takes over the parent's own label only.
    let compare = Submission {
        label: Some("label1".to_owned()),
        ..submission("compare-1", "example.compare_workflow")
    };
    let id = admin.submit(&compare).await.unwrap();
    let execution = end(&world, &admin, &id).await;
    assert_eq!(execution.phase, Phase::Succeeded, "{execution:?}");
    let child = child_execution_name("compare-1", "launched", 0);
    let child = admin.execution(&ExecutionId { name: child, ..id }).await.unwrap();
    assert_eq!((child.phase, child.cluster.as_str()), (Phase::Succeeded, "dataplane_1"));
    assert_eq!(child.label.as_deref(), Some("label1"));

    for (name, workflow, phase) in [
        ("flaky-1", "example.flaky_workflow", Phase::Succeeded),
        ("failing-1", "example.failing_workflow", Phase::Failed),
    ] {
        let mut submission = submission(name, workflow);
        submission.inputs.clear();
        let id = admin.submit(&submission).await.unwrap();
        let execution = end(&world, &admin, &id).await;
        assert_eq!(execution.phase, phase, "{execution:?}");
    }

    let id = admin.submit(&submission("stopped-1", "example.training_workflow")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(7)).await;
    admin.terminate(&id, "enough").await.unwrap();
    let execution = end(&world, &admin, &id).await;
    assert_eq!(
        (execution.phase, execution.error),
        (Phase::Aborted, Some(("Aborted".to_owned(), "enough".to_owned())))
    );
    tokio::time::sleep(Duration::from_secs(5)).await;
    let api: Api<FlyteWorkflow> = Api::namespaced(world.client("dataplane_2"), "team1-development");
    assert!(api.get_opt("stopped-1").await.unwrap().is_none(), "the finalizer holds the object");
}

fn submission(name: &str, workflow: &str) -> Submission {
    Submission {
        project: "team1".to_owned(),
        domain: "development".to_owned(),
        name: name.to_owned(),
        target: Target::LaunchPlan(workflow.to_owned()),
        inputs: json!({"hyperparameters": {"C": 0.1}}).as_object().cloned().unwrap(),
        ..Submission::default()
    }
}

async fn end(world: &World, admin: &Admin, id: &ExecutionId) -> Execution {
    let wait = admin.wait(id, Execution::ended);
    let Ok(execution) = tokio::time::timeout(Duration::from_secs(600), wait).await else {
        let pods = world.describe("dataplane_1").await + &world.describe("dataplane_2").await;
        panic!("{:?}\n{pods}", admin.execution(id).await);
    };
    execution.unwrap()
}
