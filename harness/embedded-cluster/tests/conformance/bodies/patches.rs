//! Patches of all four kinds, and server-side apply.

use serde_json::{Value, json};

use super::Body;
use crate::session::Answer;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("patches/json", by_json),
        Body::new("patches/merge", by_merge),
        Body::new("patches/strategic", strategic),
        Body::new("patches/media-type", media_type),
        Body::new("patches/absent", absent),
        // Field management is on without being asked for since 1.22; before, an object has none until it is first applied.
        Body::new("patches/apply", apply).since(22),
        Body::new("patches/apply-conflict", apply_conflict),
        Body::new("patches/apply-drops", apply_drops),
        Body::new("patches/apply-needs-manager", apply_needs_manager),
    ]
}

async fn made(world: &World, data: Value) -> String {
    let maps = world.path("configmaps");
    world
        .api
        .post(&maps, json!({"metadata": {"name": "a", "labels": {"l": "1"}}, "data": data}))
        .await
        .ok();
    format!("{maps}/a")
}

async fn by_json(world: World) {
    let one = made(&world, json!({"k": "v"})).await;
    let patch = async |operations: Value| {
        world
            .api
            .send("PATCH", &one, "application/json-patch+json", operations.to_string())
            .await
    };
    let done = patch(json!([
        {"op": "test", "path": "/data/k", "value": "v"},
        {"op": "add", "path": "/metadata/annotations", "value": {}},
        {"op": "add", "path": "/metadata/annotations/a~1b", "value": "w"},
        {"op": "move", "from": "/data/k", "path": "/data/m"},
        {"op": "remove", "path": "/metadata/labels"},
    ]));
    let done = done.await.ok();
    assert_eq!(done["data"], json!({"m": "v"}));
    assert_eq!(done["metadata"]["annotations"], json!({"a/b": "w"}));
    assert!(done["metadata"].get("labels").is_none());
    // What is not there is `null`, in a map.
    let absent =
        json!([{"op": "test", "path": "/data/none", "value": null}, {"op": "test", "path": "/metadata/finalizers", "value": null}]);
    patch(absent).await.ok();
    let nowhere = patch(json!([{"op": "test", "path": "/none/none", "value": null}])).await;
    nowhere.refused(422, "Invalid", "the server rejected our request due to an error in our request");
    let failed = patch(json!([{"op": "test", "path": "/data/m", "value": "x"}])).await;
    failed.refused(422, "Invalid", "the server rejected our request due to an error in our request");
    let absent = patch(json!([{"op": "remove", "path": "/data/none"}])).await;
    absent.refused(422, "Invalid", "the server rejected our request due to an error in our request");
    assert_eq!(world.api.get(&one).await.ok(), done, "what fails changes nothing");
    let kind = patch(json!([{"op": "remove", "path": "/kind"}])).await;
    assert_eq!(kind.ok()["kind"], "ConfigMap");
}

async fn by_merge(world: World) {
    let one = made(&world, json!({"a": "1", "b": "2"})).await;
    let done = world.api.merge(&one, json!({"data": {"a": null, "c": "3"}})).await.ok();
    assert_eq!(done["data"], json!({"b": "2", "c": "3"}));
    let renamed = world.api.merge(&one, json!({"metadata": {"name": "b"}})).await;
    renamed.refused(
        400,
        "BadRequest",
        "the name of the object (b) does not match the name on the URL (a)",
    );
    let forced = world.api.merge(&format!("{one}?force=true"), json!({})).await;
    forced.refused(
        422,
        "Invalid",
        "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch",
    );
    let number = world.api.merge(&one, json!({"data": {"a": 1}})).await;
    assert!(number.code >= 400 && number.code < 500, "{number:?}");
}

async fn strategic(world: World) {
    let deployments = world.path_in("apps/v1", "deployments");
    let container = |name: &str| json!({"name": name, "image": "i:1", "env": [{"name": "E", "value": "1"}]});
    let body = json!({
        "metadata": {"name": "d"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "x"}},
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [container("a"), container("b")]}},
        },
    });
    world.api.post(&deployments, body).await.ok();
    let patch = async |containers: Value| {
        let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
        let path = format!("{deployments}/d");
        let answer = world
            .api
            .send("PATCH", &path, "application/strategic-merge-patch+json", patch.to_string())
            .await
            .ok();
        let containers = answer["spec"]["template"]["spec"]["containers"].as_array().unwrap().iter();
        containers
            .map(|container| json!([container["name"], container["image"], container["env"]]))
            .collect::<Vec<_>>()
    };
    let first = json!([{"name": "E", "value": "1"}]);
    let both = json!([{"name": "F", "value": "2"}, {"name": "E", "value": "1"}]);
    let found = patch(json!([{"name": "b", "image": "i:2", "env": [{"name": "F", "value": "2"}]}])).await;
    // What is patched keeps its place; what is new comes first.
    assert_eq!(found, [json!(["a", "i:1", first]), json!(["b", "i:2", both])]);
    let other = r#"{"kind": "Secret", "apiVersion": "v9"}"#;
    let path = format!("{deployments}/d");
    let answer = world
        .api
        .send("PATCH", &path, "application/strategic-merge-patch+json", other)
        .await;
    assert_eq!(answer.ok()["kind"], "Deployment", "a strategic patch makes no other kind of it");
    let found = patch(json!([{"name": "a", "$patch": "delete"}])).await;
    assert_eq!(found, [json!(["b", "i:2", both])]);
    let found = patch(json!([{"name": "b", "env": [{"$patch": "replace"}, {"name": "G", "value": "3"}]}])).await;
    assert_eq!(found, [json!(["b", "i:2", [{"name": "G", "value": "3"}]])]);
}

async fn media_type(world: World) {
    let one = made(&world, json!({})).await;
    let answer = world.api.send("PATCH", &one, "application/json", "{}").await;
    answer.refused(415, "UnsupportedMediaType", "415: Unsupported Media Type");
}

async fn absent(world: World) {
    let one = world.path("configmaps/none");
    let answer = world.api.merge(&one, json!({"data": {"k": "v"}})).await;
    answer.refused(404, "NotFound", "configmaps \"none\" not found");
}

async fn by_apply(world: &World, query: &str, data: Value) -> Answer {
    let path = world.path(&format!("configmaps/a?{query}"));
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data});
    world
        .api
        .send("PATCH", &path, "application/apply-patch+yaml", body.to_string())
        .await
}

async fn apply(world: World) {
    let made = by_apply(&world, "fieldManager=one", json!({"k": "v"})).await;
    assert_eq!(made.code, 201);
    let made = made.ok();
    let managed = &made["metadata"]["managedFields"];
    assert_eq!(managed.as_array().unwrap().len(), 1);
    assert_eq!((&managed[0]["manager"], &managed[0]["operation"]), (&json!("one"), &json!("Apply")));
    assert_eq!(managed[0]["fieldsV1"], json!({"f:data": {"f:k": {}}}));
    let again = by_apply(&world, "fieldManager=one", json!({"k": "v"})).await;
    assert_eq!(again.code, 200);
    assert_eq!(again.ok()["metadata"]["resourceVersion"], made["metadata"]["resourceVersion"]);
    let one = world.path("configmaps/a?fieldManager=two");
    let updated = world.api.merge(&one, json!({"data": {"l": "w"}})).await.ok();
    let managed = &updated["metadata"]["managedFields"][1];
    assert_eq!((&managed["manager"], &managed["operation"]), (&json!("two"), &json!("Update")));
    assert_eq!(managed["fieldsV1"], json!({"f:data": {"f:l": {}}}));
}

async fn apply_conflict(world: World) {
    by_apply(&world, "fieldManager=one", json!({"k": "v"})).await.ok();
    let conflict = by_apply(&world, "fieldManager=two", json!({"k": "w"})).await;
    conflict.refused(409, "Conflict", "Apply failed with 1 conflict: conflict with \"one\": .data.k");
    assert_eq!(
        conflict.body["details"]["causes"],
        json!([{"reason": "FieldManagerConflict", "message": "conflict with \"one\"", "field": ".data.k"}])
    );
    // Who wants the same owns it too.
    by_apply(&world, "fieldManager=three", json!({"k": "v"})).await.ok();
    let several = by_apply(&world, "fieldManager=two", json!({"k": "w"})).await;
    several.refused_with(409, "Conflict", "Apply failed with 2 conflicts: conflicts with ");
    let forced = by_apply(&world, "fieldManager=two&force=true", json!({"k": "w"})).await.ok();
    assert_eq!(forced["data"], json!({"k": "w"}));
}

async fn apply_drops(world: World) {
    by_apply(&world, "fieldManager=one", json!({"k": "v", "l": "w"})).await.ok();
    by_apply(&world, "fieldManager=two", json!({"l": "w"})).await.ok();
    let less = by_apply(&world, "fieldManager=one", json!({"m": "x"})).await.ok();
    assert_eq!(less["data"], json!({"l": "w", "m": "x"}), "what another still applies stays");
}

async fn apply_needs_manager(world: World) {
    let answer = by_apply(&world, "", json!({})).await;
    answer.refused_with(422, "Invalid", "fieldManager: Required value: is required for apply patch");
}
