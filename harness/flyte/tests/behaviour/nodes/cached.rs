//! Tasks whose results are kept in the catalog.

use flyte::proto::admin::node_execution_closure::TargetMetadata;
use flyte::proto::admin::{ExecutionSpec, TaskExecutionListRequest, TaskNodeMetadata};
use flyte::proto::core::catalog_metadata::SourceExecution;
use flyte::proto::core::node_metadata::{CacheVersionValue, CacheableValue};
use flyte::proto::core::{CatalogCacheStatus, Node, NodeMetadata, SimpleType, TaskMetadata, TaskTemplate};

use super::super::bench::HOME;
use super::build::{A_MINUTE, binding, list, list_of, number, promise, simple, task, task_node};
use super::scene::{Scene, ZONE};
use super::shapes::array;

/// A task whose results are kept, and that takes a minute.
fn cached(name: &str, serializable: bool) -> TaskTemplate {
    TaskTemplate {
        metadata: Some(TaskMetadata {
            discoverable: true,
            discovery_version: "v1".to_owned(),
            cache_serializable: serializable,
            ..TaskMetadata::default()
        }),
        ..task(name, simple(SimpleType::Integer), &A_MINUTE)
    }
}

fn node(task: &str) -> Node {
    task_node("n0", task, vec![binding("x", promise("", "x"))])
}

/// Registers a workflow of the node and its task, of the same name.
async fn register(scene: &Scene, name: &str, node: Node, task: TaskTemplate) {
    let integer = simple(SimpleType::Integer);
    let output = (integer.clone(), promise("n0", "o0"));
    scene.register(name, ("x", integer), output, vec![node], task).await;
}

/// What a run's only node says of the cache, once the run has ended well.
async fn cache(scene: &Scene, run: &str) -> (CatalogCacheStatus, TaskNodeMetadata) {
    assert_eq!(scene.end(run).await, ("SUCCEEDED".to_owned(), number(1), String::new()), "{run}");
    let node = scene.nodes(run, "").await.remove(0);
    match node.closure.unwrap().target_metadata {
        Some(TargetMetadata::TaskNodeMetadata(metadata)) => (metadata.cache_status(), metadata),
        None => (CatalogCacheStatus::CacheDisabled, TaskNodeMetadata::default()),
        Some(other) => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_is_used_again() {
    use CatalogCacheStatus::{CacheDisabled, CacheHit, CachePopulated};
    let mut scene = Scene::start().await;
    register(&scene, "work", node("work"), cached("work", false)).await;
    scene.submit("work", "one", ("x", number(5))).await;
    let (status, metadata) = cache(&scene, "one").await;
    assert_eq!(status, CachePopulated);
    let dataset = metadata.catalog_key.unwrap().dataset_id.unwrap();
    assert_eq!((dataset.name.as_str(), &dataset.version[..3]), ("flyte_task-work", "v1-"));

    // It outlives the catalog's pod.
    scene.bench.stop(HOME, &scene.catalog).await;
    scene.catalog = scene.bench.catalog().await;
    scene.submit("work", "two", ("x", number(5))).await;
    let (status, metadata) = cache(&scene, "two").await;
    assert_eq!(status, CacheHit);
    let Some(SourceExecution::SourceTaskExecution(source)) = metadata.catalog_key.unwrap().source_execution else {
        panic!("a hit says where it is from")
    };
    let source = source.node_execution_id.unwrap();
    assert_eq!((source.node_id.as_str(), source.execution_id.unwrap().name.as_str()), ("n0", "one"));
    scene.submit("work", "other", ("x", number(6))).await;
    assert_eq!(cache(&scene, "other").await.0, CachePopulated, "other inputs");
    assert_eq!(scene.pods().await, ["one-n0-0", "other-n0-0"], "a hit has no pod");

    let overwrite = ExecutionSpec {
        overwrite_cache: true,
        ..ExecutionSpec::default()
    };
    scene.submit_as("work", "again", ("x", number(5)), overwrite).await;
    assert_eq!(cache(&scene, "again").await.0, CachePopulated);
    scene.submit("work", "three", ("x", number(5))).await;
    let source = cache(&scene, "three").await.1.catalog_key.unwrap().source_execution.unwrap();
    let SourceExecution::SourceTaskExecution(source) = source;
    assert_eq!(source.node_execution_id.unwrap().execution_id.unwrap().name, "again");

    // Nodes may say otherwise than their task.
    let not = NodeMetadata {
        cacheable_value: Some(CacheableValue::Cacheable(false)),
        ..NodeMetadata::default()
    };
    let newer = NodeMetadata {
        cache_version_value: Some(CacheVersionValue::CacheVersion("v2".to_owned())),
        ..NodeMetadata::default()
    };
    for (name, metadata, expected) in [("not", not, CacheDisabled), ("newer", newer, CachePopulated)] {
        let node = Node {
            metadata: Some(metadata),
            ..node("work")
        };
        register(&scene, name, node, cached(&format!("beside-{name}"), false)).await;
        scene.submit(name, &format!("run-{name}"), ("x", number(5))).await;
        assert_eq!(cache(&scene, &format!("run-{name}")).await.0, expected, "{name}");
    }
    assert_eq!(scene.pods().await.len(), 5);

    // Results that are too old are none.
    tokio::time::sleep(std::time::Duration::from_hours(25)).await;
    scene.submit("work", "late", ("x", number(5))).await;
    assert_eq!(cache(&scene, "late").await.0, CachePopulated);
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_computes_what_several_want() {
    let scene = Scene::start().await;
    register(&scene, "work", node("work"), cached("work", true)).await;
    for run in ["one", "two", "three"] {
        scene.submit("work", run, ("x", number(5))).await;
    }
    let mut found = Vec::new();
    for run in ["one", "two", "three"] {
        found.push(cache(&scene, run).await.0);
    }
    found.sort();
    use CatalogCacheStatus::{CacheHit, CachePopulated};
    assert_eq!(found, [CacheHit, CacheHit, CachePopulated]);
    assert_eq!(scene.pods().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_catalog_that_is_gone_fails_look_ups_and_nothing_else() {
    let scene = Scene::start().await;
    register(&scene, "work", node("work"), cached("work", false)).await;
    let plain = TaskTemplate {
        metadata: None,
        ..cached("plain", false)
    };
    register(&scene, "plain", node("plain"), plain).await;
    scene.submit("work", "kept", ("x", number(5))).await;
    while scene.pods().await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    scene.bench.stop(HOME, &scene.catalog).await;
    assert_eq!(cache(&scene, "kept").await.0, CatalogCacheStatus::CachePutFailure);
    scene.submit("plain", "free", ("x", number(5))).await;
    assert_eq!(cache(&scene, "free").await.0, CatalogCacheStatus::CacheDisabled);
    scene.submit("work", "lost", ("x", number(5))).await;
    let (phase, _, error) = scene.end("lost").await;
    assert!(
        phase == "FAILED" && error.starts_with("RetriesExhausted: ") && error.contains("failed to check catalog for previous results"),
        "{phase} {error}"
    );
    let log = scene.bench.log(ZONE, &scene.propeller).await;
    assert!(log.contains("failed to check catalog for previous results"), "{log}");
    assert_eq!(scene.pods().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn elements_of_arrays_are_kept_one_by_one() {
    let scene = Scene::start().await;
    let integers = list_of(simple(SimpleType::Integer));
    let mut each = cached("each", false);
    let outputs = each.interface.as_mut().unwrap().outputs.as_mut().unwrap();
    outputs.variables.get_mut("o0").unwrap().r#type = Some(integers.clone());
    let output = (integers.clone(), promise("n0", "o0"));
    let input = ("xs", integers);
    scene.register("mapped", input, output, vec![array("each", 1.0)], each).await;
    let mut told = Vec::new();
    for (run, xs) in [("two", vec![7, 8]), ("three", vec![7, 9, 8])] {
        let ones = list(vec![number(1); xs.len()]);
        scene
            .submit("mapped", run, ("xs", list(xs.into_iter().map(number).collect())))
            .await;
        assert_eq!(scene.end(run).await, ("SUCCEEDED".to_owned(), ones, String::new()));
        let request = TaskExecutionListRequest {
            node_execution_id: scene.nodes(run, "").await.remove(0).id,
            limit: 10,
            ..TaskExecutionListRequest::default()
        };
        let tasks = scene.plane.client.clone().list_task_executions(request).await.unwrap().into_inner();
        let metadata = tasks.task_executions[0].closure.clone().unwrap().metadata.unwrap();
        told.push(
            metadata
                .external_resources
                .iter()
                .map(|part| part.cache_status())
                .collect::<Vec<_>>(),
        );
    }
    use CatalogCacheStatus::{CacheHit, CachePopulated};
    assert_eq!(told, [vec![CachePopulated; 2], vec![CacheHit, CachePopulated, CacheHit]]);
    assert_eq!(scene.pods().await.len(), 3);
}
