//! What is refused, and in which words.

use serde_json::json;

use super::Body;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("errors/paths", paths),
        // As recorded of 1.36; 1.20 lists the paths that there are.
        Body::new("errors/nowhere", nowhere).since(36),
        Body::new("errors/bodies", bodies),
        Body::new("errors/names", names),
        Body::new("errors/places", places),
        Body::new("errors/required", required),
        Body::new("errors/immutable", immutable),
        Body::new("errors/labels", labels),
        Body::new("errors/unknown-fields", unknown_fields).since(25),
        Body::new("errors/unknown-fields-are-dropped", unknown_fields_are_dropped),
        Body::new("errors/in-no-namespace", in_no_namespace),
    ]
}

async fn paths(world: World) {
    let answer = world.api.get("/apis/nowhere.example.com/v1/things").await;
    assert_eq!((answer.code, answer.body), (404, json!("404 page not found\n")));
    let absent = "the server could not find the requested resource";
    for path in [&world.path("things"), "/api/v1/things", "/api/v2/pods", "/apis/apps/v1/things"] {
        world.api.get(path).await.refused(404, "NotFound", absent);
    }
    let method = "the server does not allow this method on the requested resource";
    let one = world.path("configmaps/a");
    for path in [&one, "/api", "/api/v1", "/apis/apps/v1"] {
        world.api.post(path, json!({})).await.refused(405, "MethodNotAllowed", method);
    }
    let put = world.api.put(&world.path("configmaps"), &json!({})).await;
    put.refused(405, "MethodNotAllowed", method);
}

async fn nowhere(world: World) {
    for path in ["/nowhere", "/nowhere/at-all"] {
        let answer = world.api.get(path).await;
        assert_eq!((answer.code, answer.body), (404, json!("404 page not found\n")), "{path}");
    }
}

async fn bodies(world: World) {
    let maps = world.path("configmaps");
    for text in ["{", "[]", "1", "{\"data\": {\"k\": 1}}"] {
        let answer = world.api.send("POST", &maps, "application/json", text).await;
        assert_eq!(
            (answer.code, &answer.body["reason"]),
            (400, &json!("BadRequest")),
            "{text}: {answer:?}"
        );
    }
    let typed = r#"{"apiVersion":["v1"],"kind":"ConfigMap","metadata":{"name":"a"}}"#;
    let answer = world.api.send("POST", &maps, "application/json", typed).await;
    answer.refused(
        400,
        "BadRequest",
        "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal \
         array into Go struct field .apiVersion of type string ({\"apiVersion\":[\"v1\"],\"kind\":\"C ...)",
    );
    let answer = world.api.post(&maps, json!({"kind": "Nothing", "metadata": {"name": "a"}})).await;
    answer.refused_with(
        400,
        "BadRequest",
        "Nothing in version \"v1\" cannot be handled as a ConfigMap: no kind \"Nothing\" is registered for version \"v1\"",
    );
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
    let answer = world.api.post(&maps, secret).await;
    answer.refused_with(400, "BadRequest", "Secret in version \"v1\" cannot be handled as a ConfigMap");
    let answer = world.api.send("POST", &maps, "text/plain", "{}").await;
    answer.refused_with(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
    );
    let yaml = "metadata:\n  name: b\ndata:\n  k: v\n";
    let made = world.api.send("POST", &maps, "application/yaml", yaml).await;
    assert_eq!(made.ok()["data"]["k"], "v");
}

async fn names(world: World) {
    let maps = world.path("configmaps");
    let answer = world.api.post(&maps, json!({"data": {}})).await;
    answer.refused_with(422, "Invalid", "name or generateName is required");
    assert_eq!(
        (
            &answer.body["details"]["causes"][0]["reason"],
            &answer.body["details"]["causes"][0]["field"]
        ),
        (&json!("FieldValueRequired"), &json!("metadata.name"))
    );
    let answer = world.api.post(&maps, json!({"metadata": {"name": "A_b"}})).await;
    answer.refused_with(
        422,
        "Invalid",
        "ConfigMap \"A_b\" is invalid: metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain must consist of lower case \
         alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    );
    let long = "a".repeat(254);
    let answer = world.api.post(&maps, json!({"metadata": {"name": long}})).await;
    answer.refused_with(422, "Invalid", "must be no more than 253 characters");
    assert_eq!(
        world
            .api
            .post("/api/v1/namespaces", json!({"metadata": {"name": "a.b"}}))
            .await
            .code,
        422
    );
}

async fn places(world: World) {
    let maps = world.path("configmaps");
    world.api.post(&maps, json!({"metadata": {"name": "a"}})).await.ok();
    let other = world
        .api
        .post(&maps, json!({"metadata": {"name": "b", "namespace": "default"}}))
        .await;
    other.refused(
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
    );
    let put = world.api.put(&format!("{maps}/a"), &json!({"metadata": {"name": "b"}})).await;
    let other = "the name of the object (b) does not match the name on the URL (a)";
    put.refused(400, "BadRequest", other);
    world.api.delete(&format!("{maps}/a"), json!({})).await.ok();
    // The name is looked at first, and the uid comes before the absence.
    let put = world.api.put(&format!("{maps}/a"), &json!({"metadata": {"name": "b"}})).await;
    put.refused(400, "BadRequest", other);
    let put = world
        .api
        .put(&format!("{maps}/a"), &json!({"metadata": {"name": "a", "uid": "u"}}))
        .await;
    put.refused_with(409, "Conflict", "Precondition failed: UID in precondition: u, UID in object meta: ");
    let put = world.api.put(&format!("{maps}/a"), &json!({"metadata": {"name": "a"}})).await;
    put.refused(404, "NotFound", "configmaps \"a\" not found");
}

async fn required(world: World) {
    let deployments = world.path_in("apps/v1", "deployments");
    let answer = world.api.post(&deployments, json!({"metadata": {"name": "d"}, "spec": {}})).await;
    answer.refused_with(422, "Invalid", "spec.selector: Required value");
    answer.refused_with(422, "Invalid", "spec.template.spec.containers: Required value");
    let services = world.path("services");
    let answer = world.api.post(&services, json!({"metadata": {"name": "s"}, "spec": {}})).await;
    answer.refused(422, "Invalid", "Service \"s\" is invalid: spec.ports: Required value");
    let port = json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 0}]}});
    let answer = world.api.post(&services, port).await;
    answer.refused_with(
        422,
        "Invalid",
        "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
    );
}

async fn immutable(world: World) {
    let secrets = world.path("secrets");
    world
        .api
        .post(&secrets, json!({"metadata": {"name": "s"}, "type": "Opaque"}))
        .await
        .ok();
    let answer = world.api.merge(&format!("{secrets}/s"), json!({"type": "example.com/x"})).await;
    answer.refused_with(422, "Invalid", "type: Invalid value: \"example.com/x\": field is immutable");
    let maps = world.path("configmaps");
    let body = json!({"metadata": {"name": "a"}, "data": {"k": "v"}, "immutable": true});
    world.api.post(&maps, body).await.ok();
    let one = format!("{maps}/a");
    let answer = world.api.merge(&one, json!({"data": {"k": "w"}})).await;
    answer.refused(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: data: Forbidden: field is immutable when `immutable` is set",
    );
    world.api.merge(&one, json!({"metadata": {"labels": {"l": "1"}}})).await.ok();
    let answer = world.api.merge(&one, json!({"metadata": {"uid": "other"}})).await;
    answer.refused(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"other\": field is immutable",
    );
}

async fn labels(world: World) {
    let maps = world.path("configmaps");
    let body = json!({"metadata": {"name": "a", "labels": {"a b": "v"}}});
    let answer = world.api.post(&maps, body).await;
    answer.refused_with(
        422,
        "Invalid",
        "metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters",
    );
    let body = json!({"metadata": {"name": "a", "labels": {"l": "v w"}}});
    let answer = world.api.post(&maps, body).await;
    answer.refused_with(
        422,
        "Invalid",
        "metadata.labels: Invalid value: \"v w\": a valid label must be an empty string or consist of alphanumeric characters",
    );
    let answer = world.api.post(&maps, json!({"metadata": {"name": "a"}, "data": {"k/": "v"}})).await;
    answer.refused_with(
        422,
        "Invalid",
        "data[k/]: Invalid value: \"k/\": a valid config key must consist of alphanumeric characters",
    );
}

async fn unknown_fields(world: World) {
    let maps = world.path("configmaps?fieldValidation=Strict");
    let answer = world.api.post(&maps, json!({"metadata": {"name": "a"}, "date": {}})).await;
    answer.refused_with(400, "BadRequest", "strict decoding error: unknown field \"date\"");
}

async fn unknown_fields_are_dropped(world: World) {
    let maps = world.path("configmaps");
    let made = world
        .api
        .post(&maps, json!({"metadata": {"name": "a"}, "date": {"k": 1}}))
        .await
        .ok();
    assert!(made.get("date").is_none());
}

async fn in_no_namespace(world: World) {
    let maps = "/api/v1/namespaces/nowhere/configmaps";
    let answer = world.api.post(maps, json!({"metadata": {"name": "a"}})).await;
    answer.refused(404, "NotFound", "namespaces \"nowhere\" not found");
    assert_eq!(world.api.get(maps).await.ok()["items"], json!([]));
}
