//! Service accounts and their tokens.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::Body;
use crate::session::Who;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("tokens/request", request),
        Body::new("tokens/review", review),
        Body::new("tokens/spoilt", spoilt),
        Body::new("tokens/checked", checked),
        Body::new("tokens/after-the-account", after_the_account),
        Body::new("tokens/secret", secret).with_controllers(),
        Body::new("tokens/root-ca", root_ca).with_controllers(),
    ]
}

/// A new account's token.
async fn token(world: &World, spec: Value) -> String {
    let accounts = world.path("serviceaccounts");
    world.api.post(&accounts, json!({"metadata": {"name": "bot"}})).await.ok();
    let answer = world.api.post(&format!("{accounts}/bot/token"), json!({"spec": spec})).await;
    assert_eq!(answer.code, 201);
    answer.ok()["status"]["token"].as_str().unwrap().to_owned()
}

fn user(world: &World) -> String {
    format!("system:serviceaccount:{}:bot", world.namespace)
}

async fn request(world: World) {
    let token = token(&world, json!({"expirationSeconds": 1200})).await;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["sub"], user(&world));
    assert_eq!(claims["aud"], json!([claims["iss"]]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 1200);
    assert_eq!(claims["kubernetes.io"]["namespace"], world.namespace.as_str());
    assert_eq!(claims["kubernetes.io"]["serviceaccount"]["name"], "bot");
    let bot = world.session(&Who::Token(token));
    let told = format!(
        "secrets is forbidden: User \"{}\" cannot list resource \"secrets\" in API group \"\" in the namespace \"{}\"",
        user(&world),
        world.namespace
    );
    bot.get(&world.path("secrets")).await.refused(403, "Forbidden", &told);
    let group = "rbac.authorization.k8s.io";
    let binding = json!({
        "metadata": {"name": "r"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"kind": "ServiceAccount", "name": "bot", "namespace": world.namespace}],
    });
    world
        .api
        .post(&world.path_in(&format!("{group}/v1"), "rolebindings"), binding)
        .await
        .ok();
    bot.eventually(&world.path("configmaps"), |answer| answer.code == 200).await;
}

async fn review(world: World) {
    let token = token(&world, json!({})).await;
    let path = "/apis/authentication.k8s.io/v1/tokenreviews";
    let answer = world.api.post(path, json!({"spec": {"token": token}})).await;
    assert_eq!(answer.code, 201);
    let status = answer.ok()["status"].take();
    assert_eq!(status["authenticated"], true);
    assert_eq!(status["user"]["username"], user(&world));
    let mut groups: Vec<&str> = status["user"]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group.as_str().unwrap())
        .collect();
    groups.sort_unstable();
    let own = format!("system:serviceaccounts:{}", world.namespace);
    assert_eq!(groups, ["system:authenticated", "system:serviceaccounts", &own]);
    let bad = world.api.post(path, json!({"spec": {"token": "nonsense"}})).await.ok();
    assert_ne!(bad["status"]["authenticated"], true);
    let elsewhere = json!({"spec": {"token": token, "audiences": ["elsewhere"]}});
    let elsewhere = world.api.post(path, elsewhere).await.ok();
    assert_ne!(elsewhere["status"]["authenticated"], true, "{elsewhere:#}");
}

async fn spoilt(world: World) {
    let token = token(&world, json!({})).await;
    let (rest, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[0] ^= 1;
    let who = world.session(&Who::Token(format!("{rest}.{}", URL_SAFE_NO_PAD.encode(bytes))));
    who.get("/version").await.refused(401, "Unauthorized", "Unauthorized");
    let path = format!("{}/bot/token", world.path("serviceaccounts"));
    let other = world.api.post(&path, json!({"spec": {"audiences": ["elsewhere"]}})).await.ok();
    let other = other["status"]["token"].as_str().unwrap().to_owned();
    let who = world.session(&Who::Token(other));
    who.get("/version").await.refused(401, "Unauthorized", "Unauthorized");
}

async fn checked(world: World) {
    let accounts = world.path("serviceaccounts");
    let absent = world.api.post(&format!("{accounts}/none/token"), json!({"spec": {}})).await;
    absent.refused(404, "NotFound", "serviceaccounts \"none\" not found");
    world.api.post(&accounts, json!({"metadata": {"name": "bot"}})).await.ok();
    let short = world
        .api
        .post(&format!("{accounts}/bot/token"), json!({"spec": {"expirationSeconds": 60}}))
        .await;
    short.refused_with(
        422,
        "Invalid",
        "spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes",
    );
    let reference = json!({"kind": "Pod", "apiVersion": "v1", "name": "none"});
    let bound = world
        .api
        .post(&format!("{accounts}/bot/token"), json!({"spec": {"boundObjectRef": reference}}))
        .await;
    bound.refused(404, "NotFound", "pods \"none\" not found");
}

/// It works for some more seconds, as an API server remembers whom it has authenticated.
async fn after_the_account(world: World) {
    let token = token(&world, json!({})).await;
    let bot = world.session(&Who::Token(token));
    assert_eq!(bot.get("/version").await.code, 200);
    world.api.delete(&world.path("serviceaccounts/bot"), json!({})).await.ok();
    let answer = bot.eventually("/version", |answer| answer.code != 200).await;
    answer.refused(401, "Unauthorized", "Unauthorized");
}

async fn secret(world: World) {
    let token_of = |name: &str| {
        let annotations = json!({"kubernetes.io/service-account.name": name});
        json!({"metadata": {"name": "t", "annotations": annotations}, "type": "kubernetes.io/service-account-token"})
    };
    let (accounts, secrets) = (world.path("serviceaccounts"), world.path("secrets"));
    world.api.post(&accounts, json!({"metadata": {"name": "bot"}})).await.ok();
    world.api.post(&secrets, token_of("bot")).await.ok();
    let filled = |secret: Option<&Value>| secret.is_some_and(|secret| secret["data"]["token"].is_string());
    let secret = world.api.until(&secrets, "t", filled).await.unwrap();
    let read = |key: &str| String::from_utf8(STANDARD.decode(secret["data"][key].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(read("namespace"), world.namespace);
    assert!(read("ca.crt").starts_with("-----BEGIN CERTIFICATE-----"));
    let bot = world.session(&Who::Token(read("token")));
    assert_eq!(bot.get(&secrets).await.code, 403);
    let path = "/apis/authentication.k8s.io/v1/tokenreviews";
    let review = world.api.post(path, json!({"spec": {"token": read("token")}})).await.ok();
    assert_eq!(review["status"]["user"]["username"], user(&world));
    world.api.delete(&format!("{accounts}/bot"), json!({})).await.ok();
    world.api.until(&secrets, "t", |secret| secret.is_none()).await;
}

async fn root_ca(world: World) {
    let maps = world.path("configmaps");
    let there = |map: Option<&Value>| map.is_some_and(|map| map["data"]["ca.crt"].is_string());
    world.api.until(&maps, "kube-root-ca.crt", there).await;
    world.api.delete(&format!("{maps}/kube-root-ca.crt"), json!({})).await.ok();
    world.api.until(&maps, "kube-root-ca.crt", there).await;
}
