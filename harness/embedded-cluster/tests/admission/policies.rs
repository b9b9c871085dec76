//! Policies beyond what the recordings show.

use rstest::rstest;
use serde_json::{Value, json};

use crate::world::World;

const DENY: &str = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ";

fn validation(expression: &str) -> Value {
    json!({"validations": [{"expression": expression, "message": "no"}]})
}

#[rstest]
#[case("!('k' in object.data)", "no")]
#[case("request.operation == 'CREATE' && request.userInfo.username == 'kubernetes-admin'", "")]
#[case("namespaceObject.metadata.name == 'default'", "")]
#[case("authorizer.group('').resource('pods').namespace('x').check('create').allowed()", "")]
#[case("authorizer.requestResource.check('nosuch').allowed()", "")]
#[case("oldObject == null", "")]
#[case(
    "oldObject.data == object.data",
    "expression 'oldObject.data == object.data' resulted in error: no such key: data"
)]
#[case("object.spec.x > 1", "expression 'object.spec.x > 1' resulted in error: no such key: spec")]
#[case("object.data.all(k, object.data[k].matches('^[0-9]+$'))", "")]
#[tokio::test(start_paused = true)]
async fn are_evaluated(#[case] expression: &str, #[case] refusal: &str) {
    let world = World::new().await;
    let policy = world
        .policy("validating", validation(expression), json!({"validationActions": ["Deny"]}))
        .await;
    assert_eq!(policy.code, 201, "{}", policy.message());
    let answer = world.map("a", json!({"k": "1"})).await;
    if refusal.is_empty() {
        assert_eq!(answer.code, 201, "{}", answer.message());
    } else {
        assert_eq!(answer.message(), format!("configmaps \"a\" is forbidden: {DENY}{refusal}"));
    }
}

#[rstest]
#[case("variables.none == 1", "undefined field 'none'")]
#[case("object.foo", "must evaluate to bool but got dyn")]
#[case("params.x == 1", "undeclared reference to 'params' (in container '')")]
#[case("request.nosuch == 1", "undefined field 'nosuch'")]
#[tokio::test(start_paused = true)]
async fn are_refused(#[case] expression: &str, #[case] refusal: &str) {
    let world = World::new().await;
    let policy = world
        .policy("validating", validation(expression), json!({"validationActions": ["Deny"]}))
        .await;
    assert_eq!(policy.code, 422);
    assert!(policy.message().contains(refusal), "{}", policy.message());
}

#[tokio::test(start_paused = true)]
async fn warn() {
    let world = World::new().await;
    world
        .policy("validating", validation("false"), json!({"validationActions": ["Warn", "Audit"]}))
        .await;
    let answer = world.map("a", json!({})).await;
    assert_eq!(answer.code, 201);
    assert_eq!(
        answer.warnings,
        ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no"]
    );
}

#[tokio::test(start_paused = true)]
async fn parameters() {
    let world = World::new().await;
    let mut spec = validation("object.data.k == params.data.wanted");
    spec["paramKind"] = json!({"apiVersion": "v1", "kind": "ConfigMap"});
    spec["matchConditions"] = json!([{"name": "not-the-parameters", "expression": "object.metadata.name != 'wanted'"}]);
    let reference = json!({"name": "wanted", "namespace": "kube-public", "parameterNotFoundAction": "Deny"});
    world
        .policy("validating", spec, json!({"validationActions": ["Deny"], "paramRef": reference}))
        .await;
    let missing = world.map("a", json!({"k": "v"})).await;
    let because = "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction";
    assert_eq!(missing.message(), format!("configmaps \"a\" is forbidden: {DENY}{because}"));
    let answer = world
        .send(
            "POST",
            "/api/v1/namespaces/kube-public/configmaps",
            json!({"metadata": {"name": "wanted"}, "data": {"wanted": "v"}}),
        )
        .await;
    // The parameters are a ConfigMap, too: without them nothing of the kind can be made.
    assert_eq!(answer.code, 422);
    world
        .send(
            "DELETE",
            "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/b",
            Value::Null,
        )
        .await;
    world
        .made(
            "/api/v1/namespaces/kube-public/configmaps",
            json!({"metadata": {"name": "wanted"}, "data": {"wanted": "v"}}),
        )
        .await;
    let binding = json!({"policyName": "p", "validationActions": ["Deny"], "paramRef": reference});
    let bindings = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
    world.made(bindings, json!({"metadata": {"name": "b"}, "spec": binding})).await;
    assert_eq!(world.map("a", json!({"k": "v"})).await.code, 201);
    assert_eq!(world.map("b", json!({"k": "w"})).await.code, 422);
}

#[rstest]
#[case::apply(json!({
    "patchType": "ApplyConfiguration",
    "applyConfiguration": {"expression": "Object{metadata: Object.metadata{labels: {'by': variables.who}}, data: {'added': 'yes'}}"},
}))]
#[case::patch(json!({
    "patchType": "JSONPatch",
    "jsonPatch": {"expression": "[JSONPatch{op: 'add', path: '/metadata/labels', value: {'by': variables.who}}, JSONPatch{op: 'add', path: '/data/added', value: 'yes'}]"},
}))]
#[tokio::test(start_paused = true)]
async fn change_objects(#[case] mutation: Value) {
    let world = World::new().await;
    let variables = json!([{"name": "who", "expression": "'user-' + request.userInfo.username"}]);
    let spec = json!({"variables": variables, "reinvocationPolicy": "Never", "mutations": [mutation]});
    let policy = world.policy("mutating", spec, json!({})).await;
    assert_eq!(policy.code, 201, "{}", policy.message());
    let answer = world.map("a", json!({"k": "v"})).await;
    assert_eq!(answer.code, 201, "{}", answer.message());
    assert_eq!(answer.body["metadata"]["labels"], json!({"by": "user-kubernetes-admin"}));
    assert_eq!(answer.body["data"], json!({"k": "v", "added": "yes"}));
}

#[tokio::test(start_paused = true)]
async fn commands_are_refused() {
    let world = World::new().await;
    let rules = json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods/exec"], "operations": ["CONNECT"]}]);
    let expression = "request.operation == 'CONNECT' && object.command[0] != 'rm'";
    let spec = json!({"matchConstraints": {"resourceRules": rules}, "validations": [{"expression": expression, "message": "not that"}]});
    let base = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic";
    world
        .made(&format!("{base}ies"), json!({"metadata": {"name": "e"}, "spec": spec}))
        .await;
    let binding = json!({"policyName": "e", "validationActions": ["Deny"]});
    world
        .made(&format!("{base}ybindings"), json!({"metadata": {"name": "e"}, "spec": binding}))
        .await;
    let exec = async |command: &str| {
        let path = format!("/api/v1/namespaces/default/pods/p/exec?command={command}");
        world.send("POST", &path, Value::Null).await
    };
    assert_eq!(exec("ls").await.code, 404);
    let refused = exec("rm").await;
    assert_eq!(
        (refused.code, refused.message()),
        (
            422,
            "pods \"p\" is forbidden: ValidatingAdmissionPolicy 'e' with binding 'e' denied request: not that"
        )
    );
}
