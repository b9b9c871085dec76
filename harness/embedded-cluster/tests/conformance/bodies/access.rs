//! Who is who, and who may do what.

use serde_json::{Value, json};

use super::Body;
use crate::session::Who;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("access/anonymous", anonymous),
        Body::new("access/bad-token", bad_token),
        Body::new("access/role", role),
        Body::new("access/cluster-role", cluster_role),
        Body::new("access/escalation", escalation),
        Body::new("access/reviews", reviews),
        Body::new("access/bindings-are-final", bindings_are_final),
    ]
}

const RBAC: &str = "rbac.authorization.k8s.io";

async fn anonymous(world: World) {
    let nobody = world.session(&Who::Nobody);
    for path in ["/healthz", "/readyz", "/livez", "/version"] {
        assert_eq!(nobody.get(path).await.code, 200, "{path}");
    }
    nobody.get("/api/v1/secrets").await.refused(
        403,
        "Forbidden",
        "secrets is forbidden: User \"system:anonymous\" cannot list resource \"secrets\" in API group \"\" at the cluster scope",
    );
    nobody.get("/metrics").await.refused(
        403,
        "Forbidden",
        "forbidden: User \"system:anonymous\" cannot get path \"/metrics\"",
    );
}

async fn bad_token(world: World) {
    let who = world.session(&Who::Token("nonsense".to_owned()));
    for path in ["/version", "/api/v1/secrets", "/nowhere"] {
        who.get(path).await.refused(401, "Unauthorized", "Unauthorized");
    }
}

async fn role(world: World) {
    let name = format!("bob-{}", world.namespace);
    let bob = world.session(&Who::User(name.clone()));
    let maps = world.path("configmaps");
    let refusal = |verb: &str, resource: &str| {
        format!(
            "{resource} is forbidden: User \"{name}\" cannot {verb} resource \"configmaps\" in API group \"\" in the namespace \"{}\"",
            world.namespace
        )
    };
    bob.get(&maps).await.refused(403, "Forbidden", &refusal("list", "configmaps"));
    bob.get(&format!("{maps}/a"))
        .await
        .refused(403, "Forbidden", &refusal("get", "configmaps \"a\""));
    let rules = json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "create"]}]);
    allow(&world, &name, rules).await;
    bob.eventually(&maps, |answer| answer.code == 200).await;
    bob.post(&maps, json!({"metadata": {"name": "a"}})).await.ok();
    let deleted = bob.delete(&format!("{maps}/a"), json!({})).await;
    deleted.refused(403, "Forbidden", &refusal("delete", "configmaps \"a\""));
    assert_eq!(bob.get(&world.path("secrets")).await.code, 403);
}

/// Gives a user a Role in the world's namespace.
async fn allow(world: &World, user: &str, rules: Value) {
    let group = format!("{RBAC}/v1");
    let role = json!({"metadata": {"name": "r"}, "rules": rules});
    world.api.post(&world.path_in(&group, "roles"), role).await.ok();
    let binding = json!({
        "metadata": {"name": "r"},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "r"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
    });
    world.api.post(&world.path_in(&group, "rolebindings"), binding).await.ok();
}

async fn cluster_role(world: World) {
    let name = format!("eve-{}", world.namespace);
    let eve = world.session(&Who::User(name.clone()));
    let cluster = format!("/apis/{RBAC}/v1");
    let rules = json!([
        {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": [world.namespace], "verbs": ["get"]},
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]);
    world
        .api
        .post(
            &format!("{cluster}/clusterroles"),
            json!({"metadata": {"name": name}, "rules": rules}),
        )
        .await
        .ok();
    let binding = json!({
        "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": name}],
    });
    world.api.post(&format!("{cluster}/clusterrolebindings"), binding).await.ok();
    let ours = format!("/api/v1/namespaces/{}", world.namespace);
    eve.eventually(&ours, |answer| answer.code == 200).await;
    let told = format!(
        "namespaces \"default\" is forbidden: User \"{name}\" cannot get resource \"namespaces\" in API group \"\" in the namespace \"default\""
    );
    eve.get("/api/v1/namespaces/default").await.refused(403, "Forbidden", &told);
}

async fn escalation(world: World) {
    let name = format!("mallory-{}", world.namespace);
    let mallory = world.session(&Who::User(name.clone()));
    let roles = world.path_in(&format!("{RBAC}/v1"), "roles");
    let rules = json!([{"apiGroups": [RBAC], "resources": ["roles"], "verbs": ["get", "list", "create"]}]);
    allow(&world, &name, rules).await;
    mallory.eventually(&roles, |answer| answer.code == 200).await;
    let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]);
    let more = mallory.post(&roles, json!({"metadata": {"name": "more"}, "rules": rules})).await;
    more.refused_with(403, "Forbidden", "is attempting to grant RBAC permissions not currently held:");
    more.refused_with(403, "Forbidden", "{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\"]}");
    let rules = json!([{"apiGroups": [RBAC], "resources": ["roles"], "verbs": ["get"]}]);
    mallory
        .post(&roles, json!({"metadata": {"name": "less"}, "rules": rules}))
        .await
        .ok();
}

async fn reviews(world: World) {
    let name = format!("bob-{}", world.namespace);
    let attributes = json!({"namespace": world.namespace, "verb": "get", "resource": "secrets"});
    let review = json!({"spec": {"user": name, "resourceAttributes": attributes}});
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    let answer = world.api.post(path, review).await;
    assert_eq!(answer.code, 201);
    assert_eq!(answer.ok()["status"]["allowed"], false);
    let own = json!({"spec": {"resourceAttributes": attributes}});
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    assert_eq!(world.api.post(path, own.clone()).await.ok()["status"]["allowed"], true);
    let bob = world.session(&Who::User(name));
    assert_eq!(bob.post(path, own).await.ok()["status"]["allowed"], false);
}

async fn bindings_are_final(world: World) {
    let bindings = world.path_in(&format!("{RBAC}/v1"), "rolebindings");
    let binding = json!({
        "metadata": {"name": "r"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": world.namespace}],
    });
    world.api.post(&bindings, binding).await.ok();
    let other = json!({"roleRef": {"name": "edit"}});
    let answer = world.api.merge(&format!("{bindings}/r"), other).await;
    answer.refused_with(422, "Invalid", "roleRef: Invalid value: ");
    answer.refused_with(422, "Invalid", "cannot change roleRef");
}
