//! Custom resources.

use serde_json::{Value, json};

use super::Body;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("definitions/life", life),
        Body::new("definitions/checked", checked),
        Body::new("definitions/schema", schema),
        Body::new("definitions/status", status),
        Body::new("definitions/scale", scale),
        Body::new("definitions/patches", patches),
    ]
}

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// A group of this test's own.
fn group(world: &World) -> String {
    format!("{}.example.com", world.namespace)
}

fn definition(world: &World) -> Value {
    let spec = json!({"type": "object", "required": ["n"], "properties": {
        "n": {"type": "integer", "minimum": 1, "maximum": 9},
        "mode": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "name": {"type": "string", "pattern": "^x", "maxLength": 3},
        "list": {"type": "array", "items": {"type": "string"}},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }});
    let status = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    let schema = json!({"type": "object", "properties": {"spec": spec, "status": status}});
    let version = json!({
        "name": "v1", "served": true, "storage": true,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}},
    });
    json!({
        "metadata": {"name": format!("things.{}", group(world))},
        "spec": {
            "group": group(world), "scope": "Namespaced", "versions": [version],
            "names": {"kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList"},
        },
    })
}

/// Whether it is served.
fn established(definition: Option<&Value>) -> bool {
    let conditions = definition.and_then(|definition| definition["status"]["conditions"].as_array());
    conditions.is_some_and(|conditions| {
        let mut established = conditions.iter().filter(|condition| condition["type"] == "Established");
        established.any(|condition| condition["status"] == "True")
    })
}

/// Defines the kind, and gives the path of its objects.
async fn defined(world: &World) -> String {
    let made = world.api.post(DEFINITIONS, definition(world)).await.ok();
    let name = made["metadata"]["name"].as_str().unwrap();
    world.api.until(DEFINITIONS, name, established).await;
    let things = world.path_in(&format!("{}/v1", group(world)), "things");
    // An API server serves it some moments after it has said so.
    world.api.eventually(&things, |answer| answer.code == 200).await;
    things
}

fn thing(world: &World, name: &str, spec: Value) -> Value {
    json!({"apiVersion": format!("{}/v1", group(world)), "kind": "Thing", "metadata": {"name": name}, "spec": spec})
}

async fn life(world: World) {
    let things = defined(&world).await;
    let made = world.api.post(&things, thing(&world, "a", json!({"n": 1}))).await;
    assert_eq!(made.code, 201);
    assert_eq!(made.body["metadata"]["generation"], 1);
    let list = world.api.get(&things).await.ok();
    assert_eq!((&list["kind"], &list["items"][0]["kind"]), (&json!("ThingList"), &json!("Thing")));
    let group = group(&world);
    let resources = world.api.get(&format!("/apis/{group}/v1")).await.ok();
    let resources = resources["resources"].as_array().unwrap().iter();
    let mut names: Vec<_> = resources.map(|resource| resource["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["things", "things/scale", "things/status"]);
    let missing = world.api.get(&format!("{things}/none")).await;
    missing.refused(404, "NotFound", &format!("things.{group} \"none\" not found"));
    let name = format!("things.{group}");
    world.api.delete(&format!("{DEFINITIONS}/{name}"), json!({})).await.ok();
    world.api.until(DEFINITIONS, &name, |definition| definition.is_none()).await;
    let answer = world.api.eventually(&things, |answer| answer.code == 404).await;
    assert_eq!(answer.body, "404 page not found\n");
}

async fn checked(world: World) {
    let mut wrong = definition(&world);
    wrong["metadata"]["name"] = json!(format!("others.{}", group(&world)));
    let answer = world.api.post(DEFINITIONS, wrong).await;
    answer.refused_with(422, "Invalid", "must be spec.names.plural+\".\"+spec.group");
    let mut wrong = definition(&world);
    wrong["spec"]["versions"][0]["storage"] = json!(false);
    let answer = world.api.post(DEFINITIONS, wrong).await;
    answer.refused_with(422, "Invalid", "must have exactly one version marked as storage version");
    let mut wrong = definition(&world);
    wrong["spec"]["versions"][0].as_object_mut().unwrap().remove("schema");
    let answer = world.api.post(DEFINITIONS, wrong).await;
    answer.refused_with(422, "Invalid", "schemas are required");
    let mut wrong = definition(&world);
    wrong["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["n"] = json!({"minimum": 1});
    let answer = world.api.post(DEFINITIONS, wrong).await;
    answer.refused_with(422, "Invalid", "Required value: must not be empty for specified object fields");
}

async fn schema(world: World) {
    let things = defined(&world).await;
    let refused = async |spec: Value, told: &str| {
        let answer = world.api.post(&things, thing(&world, "a", spec)).await;
        answer.refused_with(422, "Invalid", told);
    };
    refused(json!({}), "spec.n: Required value").await;
    refused(
        json!({"n": "1"}),
        "spec.n: Invalid value: \"string\": spec.n in body must be of type integer: \"string\"",
    )
    .await;
    refused(
        json!({"n": 0}),
        "spec.n: Invalid value: 0: spec.n in body should be greater than or equal to 1",
    )
    .await;
    refused(
        json!({"n": 10}),
        "spec.n: Invalid value: 10: spec.n in body should be less than or equal to 9",
    )
    .await;
    refused(
        json!({"n": 1, "mode": "c"}),
        "spec.mode: Unsupported value: \"c\": supported values: \"a\", \"b\"",
    )
    .await;
    refused(
        json!({"n": 1, "name": "y"}),
        "spec.name: Invalid value: \"y\": spec.name in body should match '^x'",
    )
    .await;
    refused(json!({"n": 1, "list": [1]}), "must be of type string: \"integer\"").await;
    let spec = json!({"n": 1, "unknown": 1, "any": {"kept": [1]}});
    let made = world.api.post(&things, thing(&world, "a", spec)).await.ok();
    assert_eq!(made["spec"], json!({"n": 1, "mode": "a", "any": {"kept": [1]}}));
}

async fn status(world: World) {
    let things = defined(&world).await;
    let mut body = thing(&world, "a", json!({"n": 1}));
    body["status"] = json!({"n": 5});
    let mut made = world.api.post(&things, body).await.ok();
    assert!(made.get("status").is_none(), "a new object has no status");
    made["status"] = json!({"n": 3});
    made["spec"]["n"] = json!(2);
    let by_status = world.api.put(&format!("{things}/a/status"), &made).await.ok();
    assert_eq!((&by_status["status"]["n"], &by_status["spec"]["n"]), (&json!(3), &json!(1)));
    assert_eq!(by_status["metadata"]["generation"], 1);
    let patch = json!({"spec": {"n": 2}, "status": {"n": 9}});
    let by_itself = world.api.merge(&format!("{things}/a"), patch).await.ok();
    assert_eq!((&by_itself["status"]["n"], &by_itself["spec"]["n"]), (&json!(3), &json!(2)));
    assert_eq!(by_itself["metadata"]["generation"], 2);
}

async fn scale(world: World) {
    let things = defined(&world).await;
    world.api.post(&things, thing(&world, "a", json!({"n": 1}))).await.ok();
    let path = format!("{things}/a/scale");
    let mut scale = world.api.get(&path).await.ok();
    assert_eq!((&scale["kind"], &scale["apiVersion"]), (&json!("Scale"), &json!("autoscaling/v1")));
    assert_eq!(
        (&scale["spec"], &scale["status"]),
        (&json!({"replicas": 1}), &json!({"replicas": 0}))
    );
    scale["spec"]["replicas"] = json!(4);
    assert_eq!(world.api.put(&path, &scale).await.ok()["spec"]["replicas"], 4);
    assert_eq!(world.api.get(&format!("{things}/a")).await.ok()["spec"]["n"], 4);
    let patched = world.api.merge(&path, json!({"spec": {"replicas": 5}})).await.ok();
    assert_eq!(patched["spec"]["replicas"], 5);
    let negative = world.api.merge(&path, json!({"spec": {"replicas": -1}})).await;
    let told = format!(
        "Thing.{} \"a\" is invalid: [spec.n: Invalid value: -1: spec.n in body should be greater than or equal to 1, .spec.n: Invalid value: -1: \
         should be a non-negative integer]",
        group(&world)
    );
    negative.refused(422, "Invalid", &told);
    let many = world
        .api
        .merge(&format!("{things}/a/status"), json!({"status": {"n": 4_000_000_000_u64}}))
        .await;
    many.refused_with(
        422,
        "Invalid",
        ".status.n: Invalid value: 4000000000: should be less than or equal to 2147483647",
    );
}

async fn patches(world: World) {
    let things = defined(&world).await;
    world
        .api
        .post(&things, thing(&world, "a", json!({"n": 1, "list": ["x"]})))
        .await
        .ok();
    let one = format!("{things}/a");
    let answer = world.api.send("PATCH", &one, "application/strategic-merge-patch+json", "{}").await;
    answer.refused_with(
        415,
        "UnsupportedMediaType",
        "accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
    );
    let bad = world.api.merge(&one, json!({"spec": {"n": 0}})).await;
    bad.refused_with(422, "Invalid", "spec.n in body should be greater than or equal to 1");
    let apply = |spec: Value| thing(&world, "a", spec).to_string();
    let path = format!("{one}?fieldManager=me&force=true");
    let kind = "application/apply-patch+yaml";
    let applied = world.api.send("PATCH", &path, kind, apply(json!({"n": 2, "name": "x"}))).await.ok();
    assert_eq!(applied["spec"], json!({"n": 2, "mode": "a", "name": "x", "list": ["x"]}));
    let applied = world.api.send("PATCH", &path, kind, apply(json!({"n": 2}))).await.ok();
    assert_eq!(applied["spec"], json!({"n": 2, "mode": "a", "list": ["x"]}));
}
