//! Worlds in Rust tests, as users write them.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use multiplane::testing::{World, WorldError};
use rstest::{fixture, rstest};

/// The scenario's steps up to its first `expect` deploy Flyte; this is what comes before work.
const PROJECT: &str = "
- expect: {pods: {on: controlplane, namespace: flyte, all: Running}}
- project: {id: team1}
- label: {attrFile: ../ecl.yaml}
- wait: {for: 6m}
";

const SUBMIT: &str = "
- register: {workflows: ../../../fixtures/workflows/training.yaml, project: team1, domain: development}
- submit:
    id: training
    workflow: example.training_workflow
    project: team1
    domain: development
    inputs: {hyperparameters: {C: 0.1}}
    count: 3
";

#[fixture]
async fn world() -> World {
    World::of("../../scenarios/guide/project-and-domain").await.unwrap()
}

#[rstest]
#[awt]
#[tokio::test(start_paused = true)]
async fn lands(#[future] world: World) {
    world.run(PROJECT).await.unwrap();
    world.run(SUBMIT).await.unwrap();
    world
        .expect_placement("training")
        .on("dataplane_1")
        .phase("SUCCEEDED")
        .within(Duration::from_secs(300))
        .await
        .unwrap();
    let client = world.client("dataplane_1").unwrap();
    Api::<Namespace>::all(client).get("team1-development").await.unwrap();
    assert!(matches!(world.client("dataplane_9"), Err(WorldError::NoCluster(_))));
}

/// The message is the console's: place, code, table.
#[rstest]
#[awt]
#[tokio::test(start_paused = true)]
async fn a_failure_says_what_the_console_says(#[future] world: World) {
    world.run(PROJECT).await.unwrap();
    world.run(SUBMIT).await.unwrap();
    let error = world.expect_placement("training").on("controlplane").await.unwrap_err().to_string();
    for part in [
        "EXECUTION",
        "dataplane_1",
        "WRONG",
        "placement-wrong",
        "expected only on controlplane",
    ] {
        assert!(error.contains(part), "{part:?} is not in:\n{error}");
    }
    // The world goes on.
    world.expect_placement("training").on("dataplane_1").await.unwrap();
}

#[rstest]
#[awt]
#[tokio::test(start_paused = true)]
async fn mistakes_are_found_before_anything_runs(#[future] world: World) {
    let error = world.run("- submitt: {id: x}").await.unwrap_err().to_string();
    assert!(error.contains("submit"), "{error}");
    let error = world.expect_placement("trainig").on("dataplane_1").await.unwrap_err().to_string();
    assert!(error.contains("trainig"), "{error}");
    world.run(PROJECT).await.unwrap();
}

#[fixture]
async fn ready() -> World {
    World::before("../../scenarios/guide/project-and-domain", "submit").await.unwrap()
}

/// The README's.
#[rstest]
#[awt]
#[tokio::test(start_paused = true)]
async fn in_three_lines(#[future] ready: World) {
    let submit =
        "- submit: {id: s, workflow: example.training_workflow, project: team1, domain: development, inputs: {hyperparameters: {C: 0.1}}}";
    ready.run(submit).await.unwrap();
    ready.expect_placement("s").on("dataplane_1").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_verb_that_is_not_there() {
    let error = World::before("../../scenarios/guide/project-and-domain", "upgrade")
        .await
        .err()
        .unwrap();
    assert_eq!(error.to_string(), "../../scenarios/guide/project-and-domain has no `upgrade` step");
}
