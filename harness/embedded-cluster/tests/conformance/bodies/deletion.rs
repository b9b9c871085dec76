//! Finalizers, owners and namespaces.

use serde_json::{Value, json};

use super::Body;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("deletion/finalizers", finalizers),
        Body::new("deletion/preconditions", preconditions),
        Body::new("deletion/owners-are-checked", owners_are_checked),
        Body::new("deletion/foreground-waits", foreground_waits),
        Body::new("deletion/background", background).with_controllers(),
        Body::new("deletion/foreground", foreground).with_controllers(),
        Body::new("deletion/orphan", orphan).with_controllers(),
        Body::new("deletion/owner-that-is-not-there", owner_that_is_not_there).with_controllers(),
        Body::new("deletion/namespace", namespace).with_controllers(),
    ]
}

/// An owner, and what it owns.
async fn family(world: &World) -> String {
    let maps = world.path("configmaps");
    let owner = world.api.post(&maps, json!({"metadata": {"name": "owner"}})).await.ok();
    world.api.post(&maps, owned("owned", &owner["metadata"]["uid"], true)).await.ok();
    maps
}

fn owned(name: &str, uid: &Value, blocks: bool) -> Value {
    let reference = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid, "blockOwnerDeletion": blocks});
    json!({"metadata": {"name": name, "ownerReferences": [reference]}})
}

async fn finalizers(world: World) {
    let maps = world.path("configmaps");
    let one = format!("{maps}/a");
    let body = json!({"metadata": {"name": "a", "finalizers": ["example.com/f"]}});
    world.api.post(&maps, body).await.ok();
    let deleted = world.api.delete(&one, json!({})).await.ok();
    assert_eq!(deleted["kind"], "ConfigMap", "what is not gone is shown");
    assert!(deleted["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(deleted["metadata"]["deletionGracePeriodSeconds"], 0);
    let more = json!({"metadata": {"finalizers": ["example.com/f", "example.com/g"]}});
    world.api.merge(&one, more).await.refused_with(
        422,
        "Invalid",
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"example.com/g\"}",
    );
    world.api.merge(&one, json!({"data": {"k": "v"}})).await.ok();
    let again = world.api.delete(&one, json!({})).await.ok();
    assert_eq!(again["metadata"]["deletionTimestamp"], deleted["metadata"]["deletionTimestamp"]);
    let last = world.api.merge(&one, json!({"metadata": {"finalizers": null}})).await.ok();
    assert_eq!(last["metadata"]["name"], "a");
    assert_eq!(world.api.get(&one).await.code, 404);
    let bad = json!({"metadata": {"name": "b", "finalizers": ["unqualified"]}});
    world.api.post(&maps, bad).await.refused_with(
        422,
        "Invalid",
        "name is neither a standard finalizer name nor is it fully qualified",
    );
}

async fn preconditions(world: World) {
    let maps = world.path("configmaps");
    let one = format!("{maps}/a");
    let made = world.api.post(&maps, json!({"metadata": {"name": "a"}})).await.ok();
    let (uid, version) = (&made["metadata"]["uid"], &made["metadata"]["resourceVersion"]);
    let found = uid.as_str().unwrap();
    let other = world.api.delete(&one, json!({"preconditions": {"uid": "other"}})).await;
    let told = format!(
        "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (other) does not match the UID in record ({found}). \
         The object might have been deleted and then recreated"
    );
    other.refused(409, "Conflict", &told);
    let other = world.api.delete(&one, json!({"preconditions": {"resourceVersion": "1"}})).await;
    let told = format!(
        "Operation cannot be fulfilled on ConfigMap \"a\": the ResourceVersion in the precondition (1) does not match the ResourceVersion in \
         record ({}). The object might have been modified",
        version.as_str().unwrap()
    );
    other.refused(409, "Conflict", &told);
    let both = json!({"preconditions": {"uid": uid, "resourceVersion": version}});
    world.api.delete(&one, both).await.ok();
}

async fn owners_are_checked(world: World) {
    let maps = world.path("configmaps");
    let mut without = owned("a", &json!(""), true);
    let answer = world.api.post(&maps, without.clone()).await;
    answer.refused_with(
        422,
        "Invalid",
        "ConfigMap \"a\" is invalid: metadata.ownerReferences.uid: Invalid value: \"\": ",
    );
    let references = without["metadata"]["ownerReferences"].as_array_mut().unwrap();
    references[0]["uid"] = json!("1");
    references[0]["controller"] = json!(true);
    let mut second = references[0].clone();
    second["uid"] = json!("2");
    references.push(second);
    let answer = world.api.post(&maps, without).await;
    answer.refused_with(
        422,
        "Invalid",
        "Only one reference can have Controller set to true. Found \"true\" in references for ",
    );
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "00000000-0000-4000-8000-000000000000"});
    let body = json!({"metadata": {"name": "twice", "ownerReferences": [owner, owner]}});
    let twice = world.api.post(&format!("{maps}?dryRun=All"), body).await.ok();
    assert_eq!(twice["metadata"]["ownerReferences"], json!([owner]));
    let event = json!({"apiVersion": "v1", "kind": "Event", "name": "e", "uid": "1"});
    let body = json!({"metadata": {"name": "a", "ownerReferences": [event]}});
    let answer = world.api.post(&maps, body).await;
    answer.refused_with(422, "Invalid", "/v1, Kind=Event is disallowed from being an owner");
    let bad = world.api.delete(&format!("{maps}/a"), json!({"propagationPolicy": "Some"})).await;
    bad.refused_with(422, "Invalid", "propagationPolicy");
}

async fn foreground_waits(world: World) {
    let maps = world.path("configmaps");
    let body = json!({"metadata": {"name": "a", "finalizers": ["example.com/f"]}});
    world.api.post(&maps, body).await.ok();
    let deleted = world
        .api
        .delete(&format!("{maps}/a"), json!({"propagationPolicy": "Foreground"}))
        .await
        .ok();
    let finalizers = deleted["metadata"]["finalizers"].as_array().unwrap();
    assert!(finalizers.contains(&json!("foregroundDeletion")), "{finalizers:?}");
}

async fn background(world: World) {
    let maps = family(&world).await;
    let owner = format!("{maps}/owner");
    let deleted = world.api.delete(&owner, json!({"propagationPolicy": "Background"})).await.ok();
    assert_eq!(deleted["status"], "Success");
    assert_eq!(world.api.get(&owner).await.code, 404, "the owner goes first");
    world.api.until(&maps, "owned", |object| object.is_none()).await;
}

async fn foreground(world: World) {
    let maps = family(&world).await;
    // What is owned, and held, holds its owner.
    let hold = json!({"metadata": {"finalizers": ["example.com/f"]}});
    world.api.merge(&format!("{maps}/owned"), hold).await.ok();
    let deleted = world
        .api
        .delete(&format!("{maps}/owner"), json!({"propagationPolicy": "Foreground"}))
        .await
        .ok();
    assert_eq!(deleted["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    let deleting = |object: Option<&Value>| object.is_some_and(|object| object["metadata"]["deletionTimestamp"].is_string());
    world.api.until(&maps, "owned", deleting).await;
    assert_eq!(world.api.get(&format!("{maps}/owner")).await.code, 200);
    world
        .api
        .merge(&format!("{maps}/owned"), json!({"metadata": {"finalizers": null}}))
        .await
        .ok();
    world.api.until(&maps, "owner", |object| object.is_none()).await;
    assert_eq!(world.api.get(&format!("{maps}/owned")).await.code, 404);
}

async fn orphan(world: World) {
    let maps = family(&world).await;
    world
        .api
        .delete(&format!("{maps}/owner"), json!({"propagationPolicy": "Orphan"}))
        .await
        .ok();
    world.api.until(&maps, "owner", |object| object.is_none()).await;
    let free = |object: Option<&Value>| object.is_some_and(|object| object["metadata"].get("ownerReferences").is_none());
    world.api.until(&maps, "owned", free).await;
}

async fn owner_that_is_not_there(world: World) {
    let maps = world.path("configmaps");
    let uid = json!("00000000-0000-4000-8000-000000000000");
    world.api.post(&maps, owned("owned", &uid, false)).await.ok();
    world.api.until(&maps, "owned", |object| object.is_none()).await;
}

async fn namespace(world: World) {
    let maps = world.path("configmaps");
    let body = json!({"metadata": {"name": "a", "finalizers": ["example.com/f"]}});
    world.api.post(&maps, body).await.ok();
    let namespaces = "/api/v1/namespaces";
    let one = format!("{namespaces}/{}", world.namespace);
    let deleted = world.api.delete(&one, json!({})).await.ok();
    assert_eq!(deleted["status"]["phase"], "Terminating");
    assert_eq!(deleted["spec"]["finalizers"], json!(["kubernetes"]));
    let late = world.api.post(&maps, json!({"metadata": {"name": "late"}})).await;
    let told = format!(
        "configmaps \"late\" is forbidden: unable to create new content in namespace {} because it is being terminated",
        world.namespace
    );
    late.refused(403, "Forbidden", &told);
    assert_eq!(late.body["details"]["causes"][0]["reason"], "NamespaceTerminating");
    let remains = |object: Option<&Value>| {
        let conditions = object.and_then(|object| object["status"]["conditions"].as_array());
        conditions.is_some_and(|conditions| {
            let mut held = conditions
                .iter()
                .filter(|condition| condition["type"] == "NamespaceFinalizersRemaining");
            held.any(|condition| condition["status"] == "True")
        })
    };
    world.api.until(namespaces, &world.namespace, remains).await;
    world
        .api
        .merge(&format!("{maps}/a"), json!({"metadata": {"finalizers": null}}))
        .await
        .ok();
    world.api.until(namespaces, &world.namespace, |object| object.is_none()).await;
}
