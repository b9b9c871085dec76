//! What asks for too much is refused as Kubernetes refuses it, and costs little.

use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{MAPS, World};

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";
const BOXES: &str = "/apis/example.com/v1/boxes";

#[tokio::test(start_paused = true)]
async fn large_bodies() {
    let world = World::new().await;
    let body = |length: usize| json!({"metadata": {"name": "a"}, "data": {"k": "x".repeat(length)}}).to_string();
    let refused = world.send("POST", MAPS, JSON, body(3 << 20)).await;
    assert_eq!(
        (refused.code, refused.message()),
        (413, "Request entity too large: limit is 3145728")
    );
    assert_eq!(refused.body["reason"], "RequestEntityTooLarge");
    // Within the limit of bodies, but more than a ConfigMap may have.
    assert_eq!(world.send("POST", MAPS, JSON, body(2 << 20)).await.code, 422);
    assert_eq!(world.send("POST", MAPS, JSON, body(1 << 19)).await.code, 201);
    let patched = world.send("PATCH", &format!("{MAPS}/a"), MERGE_PATCH, body(3 << 20)).await;
    assert_eq!(patched.code, 413);
}

#[rstest]
#[case::json(JSON, "{\"a\":", "}")]
#[case::json_lists(JSON, "[", "]")]
#[case::yaml(YAML, "{a: ", "}")]
#[case::yaml_lists(YAML, "- ", "")]
#[tokio::test(start_paused = true)]
async fn deep_bodies(#[case] content_type: &str, #[case] open: &str, #[case] close: &str) {
    let world = World::new().await;
    for depth in [200, 100_000] {
        let body = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let refused = world.send("POST", MAPS, content_type, body.clone()).await;
        assert_eq!((refused.code, refused.body["reason"].as_str()), (400, Some("BadRequest")));
        for patch in [JSON_PATCH, MERGE_PATCH, APPLY] {
            let refused = world.send("PATCH", &format!("{MAPS}/a?fieldManager=m"), patch, body.clone()).await;
            assert_eq!(refused.code, 400, "{patch}: {}", refused.message());
        }
    }
    let answer = world.send("POST", MAPS, JSON, "{\"a\":".repeat(1000)).await;
    assert!(answer.message().contains("exceeded max depth"), "{}", answer.message());
}

#[rstest]
#[case::list("[1]")]
#[case::text("\"text\"")]
#[case::number("1")]
#[case::metadata("{\"metadata\": 1}")]
#[case::labels("{\"metadata\": {\"name\": \"a\", \"labels\": [1]}}")]
#[tokio::test(start_paused = true)]
async fn bodies_of_other_types(#[case] body: &'static str) {
    let world = World::new().await;
    for content_type in [JSON, YAML] {
        let refused = world.send("POST", MAPS, content_type, body).await;
        assert_eq!(refused.code, 400, "{content_type}: {}", refused.message());
        // Of what is no delete's option, nothing is said.
        let refused = world.send("DELETE", &format!("{MAPS}/nothing"), content_type, body).await;
        assert!(matches!(refused.code, 400 | 404), "{content_type}: {refused:?}");
    }
    for patch in [JSON_PATCH, MERGE_PATCH, "application/strategic-merge-patch+json", APPLY] {
        let path = format!("{MAPS}/kube-root-ca.crt?fieldManager=m&dryRun=All");
        let refused = world.send("PATCH", &path, patch, body).await;
        assert!(matches!(refused.code, 400 | 422 | 500), "{patch}: {refused:?}");
    }
}

#[rstest]
#[case::list(json!([1]))]
#[case::text(json!("text"))]
#[case::number(json!(1))]
#[case::nothing(Value::Null)]
#[case::empty(json!({}))]
#[tokio::test(start_paused = true)]
async fn patches_that_leave_no_object(#[case] value: Value) {
    let world = World::new().await;
    world.map("a", json!({"k": "v"})).await;
    for op in ["replace", "add"] {
        let body = json!([{"op": op, "path": "", "value": value}]).to_string();
        let refused = world.send("PATCH", &format!("{MAPS}/a"), JSON_PATCH, body).await;
        assert!(matches!(refused.code, 400 | 422), "{op}: {refused:?}");
    }
}

#[rstest]
#[case::lists("a: &a [x, x, x, x, x, x, x, x, x]\n", "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n")]
#[case::texts("a: &a TEXT\n", "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n")]
#[tokio::test(start_paused = true)]
async fn alias_bombs(#[case] first: &str, #[case] next: &str) {
    let mut bomb = first.replace("TEXT", &"x".repeat(100_000));
    for (own, before) in ('b'..='k').zip('a'..) {
        bomb += &next
            .replace("*a", &format!("*{before}"))
            .replace("&b", &format!("&{own}"))
            .replace("b:", &format!("{own}:"));
    }
    let world = World::new().await;
    let refused = world.send("POST", MAPS, YAML, bomb.clone()).await;
    assert_eq!(refused.code, 400, "{}", refused.message());
    let refused = world.send("PATCH", &format!("{MAPS}/a?fieldManager=m"), APPLY, bomb).await;
    assert_eq!(refused.code, 400, "{}", refused.message());
}

#[tokio::test(start_paused = true)]
async fn patches_that_grow() {
    let world = World::new().await;
    world.map("a", json!({"k": "x".repeat(1000)})).await;
    let patch = async |operations: Vec<Value>| {
        let body = Value::from(operations).to_string();
        let answer = world.send("PATCH", &format!("{MAPS}/a"), JSON_PATCH, body).await;
        (answer.code, answer.message().to_owned())
    };
    let test = json!({"op": "test", "path": "/kind", "value": "ConfigMap"});
    assert_eq!(patch(vec![test.clone(); 10_000]).await.0, 200);
    let (code, message) = patch(vec![test; 10_001]).await;
    assert_eq!(
        (code, message.as_str()),
        (
            413,
            "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"
        )
    );
    let doubled = |n: usize| json!({"op": "copy", "from": "/data", "path": format!("/data/k{n}")});
    assert_eq!(patch((0..40).map(doubled).collect()).await.0, 422);
    let deeper = json!({"op": "add", "path": "/data/a", "value": {}});
    let nested = |n: usize| json!({"op": "move", "from": "/data", "path": format!("/b{n}")});
    let again = |n: usize| json!({"op": "add", "path": "/data", "value": {"n": n}});
    let into = |n: usize| json!({"op": "move", "from": format!("/b{n}"), "path": "/data/inner"});
    let chain = (0..1000).flat_map(|n| [nested(n), again(n), into(n)]);
    assert_eq!(patch(std::iter::once(deeper).chain(chain).collect()).await.0, 422);
}

#[tokio::test(start_paused = true)]
async fn many_oddities() {
    let world = World::new().await;
    let fields: String = (0..30_000).map(|n| format!("\"f{n}\":1,\"f{n}\":2,")).collect();
    let body = format!("{{{fields}\"metadata\":{{\"name\":\"a\"}}}}");
    let made = world.send("POST", MAPS, JSON, body).await;
    assert_eq!((made.code, made.warnings), (201, 100));
}

#[tokio::test(start_paused = true)]
async fn deep_expressions() {
    let world = World::new().await;
    let rule = |rule: String| {
        let spec = json!({"type": "object", "x-kubernetes-validations": [{"rule": rule}], "properties": {"n": {"type": "integer"}}});
        json!({"metadata": {"name": "boxes.example.com"}, "spec": {
            "group": "example.com", "scope": "Cluster", "names": {"plural": "boxes", "kind": "Box"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}],
        }})
    };
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for expression in [
        format!("{}true{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("{}true", "!".repeat(9_999) + "("),
        format!("self.n == {}1", "1+".repeat(10_000)),
        "true ? ".repeat(10_000),
    ] {
        let refused = world.post(definitions, &rule(expression)).await;
        assert_eq!(refused.code, 422, "{}", refused.message());
    }
    let made = world.post(definitions, &rule("self.n > 0".into())).await;
    assert_eq!(made.code, 201, "{}", made.message());
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let refused = world
        .post(
            BOXES,
            &json!({"apiVersion": "example.com/v1", "kind": "Box", "metadata": {"name": "b"}, "spec": {"n": 0}}),
        )
        .await;
    assert_eq!(refused.code, 422, "{}", refused.message());
}

#[rstest]
#[case("labelSelector=a%20in%20((((((", 400)]
#[case("labelSelector=a%3D%3D%3Db", 400)]
#[case("labelSelector=,,,,", 400)]
#[case("labelSelector=%FF%FE", 400)]
#[case("fieldSelector=metadata.name%3D%3D%3D", 200)]
#[case("fieldSelector=spec.nothing%3D1", 400)]
#[case("limit=99999999999999999999", 400)]
#[case("continue=e30", 400)]
#[case("resourceVersion=x", 400)]
#[tokio::test(start_paused = true)]
async fn odd_queries(#[case] query: &str, #[case] code: u16) {
    let world = World::new().await;
    let answer = world.send("GET", &format!("{MAPS}?{query}"), JSON, "").await;
    assert_eq!(answer.code, code, "{}", answer.message());
}
