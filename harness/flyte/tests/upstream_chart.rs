//! The reference planes under upstream's own manifests: two data planes, labels, runs.

#[expect(unreachable_pub, reason = "shared by tests")]
mod world;

use std::time::Duration;

use flyte::client::{Submission, Target};
use flyte::crd::FlyteWorkflow;
use flyte::placement::AttributeKey;
use flyte::proto::core::workflow_execution::Phase;
use flyte::workflow::WorkflowFile;
use kube::api::Api;
use serde_json::json;
use world::World;

const TRAINING: &str = include_str!("../../../fixtures/workflows/training.yaml");

#[tokio::test(start_paused = true)]
async fn a_label_decides_where_a_workflow_runs() {
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
    let submission = Submission {
        project: "team1".to_owned(),
        domain: "development".to_owned(),
        name: "training-1".to_owned(),
        target: Target::LaunchPlan("example.training_workflow".to_owned()),
        inputs: json!({"hyperparameters": {"C": 0.1}}).as_object().cloned().unwrap(),
        ..Submission::default()
    };
    let id = admin.submit(&submission).await.unwrap();
    let wait = admin.wait(&id, |execution| execution.ended());
    let Ok(execution) = tokio::time::timeout(Duration::from_secs(600), wait).await else {
        panic!("{:?}\n{}", admin.execution(&id).await, world.describe("dataplane_2").await);
    };
    let execution = execution.unwrap();
    assert_eq!(
        execution.phase,
        Phase::Succeeded,
        "{execution:?}\n{}",
        world.describe("dataplane_2").await
    );
    assert_eq!(execution.cluster, "dataplane_2");
    for (zone, there) in [("dataplane_1", false), ("dataplane_2", true)] {
        let api: Api<FlyteWorkflow> = Api::namespaced(world.client(zone), "team1-development");
        assert_eq!(api.get_opt("training-1").await.unwrap().is_some(), there, "{zone}");
    }
}
