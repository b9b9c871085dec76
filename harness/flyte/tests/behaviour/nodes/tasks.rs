//! Tasks that write workflows, that clean up, and that bring their pods.

use bytes::Bytes;
use flyte::proto::core::{self, Binding, LiteralMap, Node, SimpleType, TaskTemplate, literal, scalar, task_template};
use prost::Message;
use serde_json::json;

use super::super::plane::{DOMAIN, PROJECT};

use super::build::{ONE, binding, number, promise, simple, task, task_node};
use super::scene::{AFTER_FAILURE, Scene, ZONE, names};

#[tokio::test(start_paused = true)]
async fn what_is_to_run_after_a_failure_does() {
    let scene = Scene::start().await;
    let integer = simple(SimpleType::Integer);
    let ill = task("ill", integer.clone(), &["--exit-code", "3"]);
    let nodes = ["n0", AFTER_FAILURE].map(|node| task_node(node, "ill", vec![binding("x", promise("", "x"))]));
    let output = (integer.clone(), promise("n0", "o0"));
    scene
        .register("after", ("x", integer.clone()), output.clone(), nodes.to_vec(), ill)
        .await;
    scene.submit("after", "twice", ("x", number(5))).await;
    let (phase, _, error) = scene.end("twice").await;
    assert!(
        phase == "FAILED" && error.contains("twice-fn0-0"),
        "the last failure counts: {phase} {error}"
    );
    let cleans = task("cleans", integer.clone(), &ONE);
    let nodes = vec![
        task_node("n0", "ill", vec![binding("x", promise("", "x"))]),
        task_node(
            AFTER_FAILURE,
            "cleans",
            vec![binding("x", promise("", "x")), binding("err", promise("", "x"))],
        ),
    ];
    scene.register("cleaning", ("x", integer), output, nodes, cleans).await;
    scene.submit("cleaning", "once", ("x", number(5))).await;
    let (phase, _, error) = scene.end("once").await;
    assert!(phase == "FAILED" && error.contains("once-n0-0"), "{phase} {error}");
    assert_eq!(names(&scene.nodes("once", "").await), [AFTER_FAILURE, "n0"]);
    let key = format!("metadata/propeller/{PROJECT}-{DOMAIN}-once/fn0/data/inputs.pb");
    let store = scene.bench.stores.object_store("s3/us-east-2");
    let inputs = LiteralMap::decode(store.get("bucket", &key).unwrap().unwrap()).unwrap();
    let Some(literal::Value::Scalar(error)) = &inputs.literals["err"].value else {
        panic!()
    };
    let Some(scalar::Value::Error(error)) = &error.value else {
        panic!()
    };
    assert_eq!(error.failed_node_id, "n0");
}

/// JSON as protobuf has it.
fn structure(value: &serde_json::Value) -> prost_types::Value {
    use prost_types::value::Kind;
    let kind = match value {
        serde_json::Value::Null => Kind::NullValue(0),
        serde_json::Value::Bool(value) => Kind::BoolValue(*value),
        serde_json::Value::Number(value) => Kind::NumberValue(value.as_f64().unwrap()),
        serde_json::Value::String(value) => Kind::StringValue(value.clone()),
        serde_json::Value::Array(values) => Kind::ListValue(prost_types::ListValue {
            values: values.iter().map(structure).collect(),
        }),
        serde_json::Value::Object(fields) => Kind::StructValue(prost_types::Struct {
            fields: fields.iter().map(|(name, value)| (name.clone(), structure(value))).collect(),
        }),
    };
    prost_types::Value { kind: Some(kind) }
}

/// A task in a pod with a second container that never ends.
fn in_pod(name: &str, primary: &str, arguments: &[&str]) -> TaskTemplate {
    let spec = json!({"containers": [
        {"name": "side", "image": "sidecar", "ports": [{"containerPort": 8080}]},
        {"name": "main", "image": "multiplane-task:v1", "args": arguments},
    ]});
    let Some(prost_types::value::Kind::StructValue(spec)) = structure(&spec).kind else {
        unreachable!()
    };
    let pod = core::K8sPod {
        pod_spec: Some(spec),
        metadata: Some(core::K8sObjectMetadata {
            labels: [("team".to_owned(), "one".to_owned())].into(),
            annotations: [("multiplane.dev/lifecycle".to_owned(), "side: {runFor: 24h}".to_owned())].into(),
        }),
        ..core::K8sPod::default()
    };
    TaskTemplate {
        target: Some(task_template::Target::K8sPod(pod)),
        config: [("primary_container_name".to_owned(), primary.to_owned())].into(),
        ..task(name, simple(SimpleType::Integer), &[])
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_may_bring_its_pod() {
    let scene = Scene::start().await;
    let integer = simple(SimpleType::Integer);
    let node = |task: &str| vec![task_node("n0", task, vec![binding("x", promise("", "x"))])];
    let output = || (integer.clone(), promise("n0", "o0"));
    for (name, primary, arguments) in [
        ("well", "main", ONE.as_slice()),
        ("ill", "main", &["--exit-code", "3"]),
        ("odd", "other", &[]),
    ] {
        let task = in_pod(&format!("{name}-task"), primary, arguments);
        let nodes = node(&format!("{name}-task"));
        scene.register(name, ("x", integer.clone()), output(), nodes, task).await;
        scene.submit(name, &format!("run-{name}"), ("x", number(5))).await;
    }
    assert_eq!(scene.end("run-well").await, ("SUCCEEDED".to_owned(), number(1), String::new()));
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"namespace": "team1-development", "name": "run-well-n0-0"}});
    let pod = scene.bench.object(ZONE, &pod).await.unwrap();
    assert_eq!(pod["metadata"]["labels"]["team"], "one");
    assert_eq!(pod["metadata"]["annotations"]["primary_container_name"], "main");
    assert_eq!(pod["status"]["phase"], "Running", "the other container goes on");
    let (phase, _, error) = scene.end("run-ill").await;
    assert!(phase == "FAILED" && error.contains("exit code (3)"), "{phase} {error}");
    let (phase, _, error) = scene.end("run-odd").await;
    assert!(
        phase == "FAILED" && error.contains("primary container [other] not defined"),
        "{phase} {error}"
    );
}

/// What a `@dynamic` task leaves: `flyteidl.core.DynamicJobSpec`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Futures {
    #[prost(message, repeated, tag = "1")]
    pub(super) nodes: Vec<Node>,
    #[prost(message, repeated, tag = "3")]
    pub(super) outputs: Vec<Binding>,
    #[prost(message, repeated, tag = "4")]
    pub(super) tasks: Vec<TaskTemplate>,
}

#[tokio::test(start_paused = true)]
async fn a_workflow_that_a_task_wrote_is_run() {
    let scene = Scene::start().await;
    let integer = simple(SimpleType::Integer);
    // Its own outputs are never written.
    let writes = task("writes", integer.clone(), &["--duration", "10s"]);
    let node = task_node("n0", "writes", vec![binding("x", promise("", "x"))]);
    scene
        .register(
            "dynamic",
            ("x", integer.clone()),
            (integer.clone(), promise("n0", "o0")),
            vec![node],
            writes,
        )
        .await;
    let futures = Futures {
        nodes: vec![task_node("dn0", "written", Vec::new())],
        outputs: vec![binding("o0", promise("dn0", "o0"))],
        tasks: vec![task("written", integer.clone(), &ONE)],
    };
    let put = |run: &str, content: Vec<u8>| {
        let key = format!("metadata/propeller/{PROJECT}-{DOMAIN}-{run}/n0/data/0/futures.pb");
        scene
            .bench
            .stores
            .object_store("s3/us-east-2")
            .put("bucket", &key, Bytes::from(content))
            .unwrap();
    };
    put("unfolds", futures.encode_to_vec());
    put("broken", b"\xff".to_vec());
    for run in ["unfolds", "broken"] {
        scene.submit("dynamic", run, ("x", number(5))).await;
    }
    assert_eq!(scene.end("unfolds").await, ("SUCCEEDED".to_owned(), number(1), String::new()));
    let nodes = scene.nodes("unfolds", "").await;
    let metadata = nodes[0].metadata.as_ref().unwrap();
    assert!(metadata.is_dynamic && metadata.is_parent_node);
    assert_eq!(names(&scene.nodes("unfolds", "n0").await), ["n0-0-dn0"]);
    let request = flyte::proto::admin::GetDynamicNodeWorkflowRequest { id: nodes[0].id.clone() };
    let answer = scene
        .plane
        .client
        .clone()
        .get_dynamic_node_workflow(request)
        .await
        .unwrap()
        .into_inner();
    let template = answer.compiled_workflow.unwrap().primary.unwrap().template.unwrap();
    assert_eq!(template.nodes[0].id, "dn0");
    let (phase, _, error) = scene.end("broken").await;
    assert!(
        phase == "FAILED" && error.starts_with("DynamicWorkflowBuildFailed: "),
        "{phase} {error}"
    );
}
