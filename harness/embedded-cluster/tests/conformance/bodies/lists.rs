//! Lists, and the forms in which they are read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Body;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("lists/selected", selected),
        Body::new("lists/pages", pages),
        Body::new("lists/pages-are-of-one-moment", one_moment),
        Body::new("lists/versions", versions),
        Body::new("lists/table", table),
        Body::new("lists/metadata-only", metadata_only),
        Body::new("lists/yaml", yaml),
        Body::new("lists/no-such-form", no_such_form),
    ]
}

/// Makes ConfigMaps with these names, and gives their collection.
async fn made(world: &World, names: &[&str]) -> String {
    let maps = world.path("configmaps");
    for name in names {
        let body = json!({"metadata": {"name": name, "labels": {"l": "1"}}, "data": {"k": "v"}});
        world.api.post(&maps, body).await.ok();
    }
    maps
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

async fn selected(world: World) {
    let maps = world.path("configmaps");
    for (name, tier) in [("a", "web"), ("b", "db"), ("c", "web")] {
        let body = json!({"metadata": {"name": name, "labels": {"tier": tier}}});
        world.api.post(&maps, body).await.ok();
    }
    let names = async |query: &str| {
        let list = world.api.get(&format!("{maps}?{query}")).await.ok();
        let items = list["items"].as_array().unwrap().iter();
        items
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("labelSelector=tier=web").await, ["a", "c"]);
    assert_eq!(names("labelSelector=tier%20notin%20(web),tier").await, ["b"]);
    assert_eq!(names("labelSelector=tier=web&fieldSelector=metadata.name!=a").await, ["c"]);
    let bad = world.api.get(&format!("{maps}?fieldSelector=data.k=v")).await;
    bad.refused(
        400,
        "BadRequest",
        "\"data.k\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
    );
    let deleted = world.api.delete(&format!("{maps}?labelSelector=tier=web"), json!({})).await;
    deleted.ok();
    assert_eq!(names("labelSelector=tier").await, ["b"]);
}

async fn pages(world: World) {
    let secrets = world.path("secrets");
    for name in ["a", "b", "c", "d", "e"] {
        let body = json!({"metadata": {"name": name}, "stringData": {"k": "v"}, "type": "example.com/page"});
        world.api.post(&secrets, body).await.ok();
    }
    // All of the type: a token may be there beside them.
    let (mut names, mut more) = (vec![], String::new());
    let mut rest = vec![];
    loop {
        let page = world.api.get(&format!("{secrets}?limit=2&continue={more}")).await.ok();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        let ours = items.iter().filter(|item| item["type"] == "example.com/page");
        names.extend(ours.map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()));
        rest.push(page["metadata"]["remainingItemCount"].as_u64());
        match page["metadata"]["continue"].as_str() {
            Some(next) => more = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    assert!(rest[0] >= Some(3) && rest.last() == Some(&None), "{rest:?}");
}

/// A list that goes on does not see what has changed since it began.
async fn one_moment(world: World) {
    let maps = made(&world, &["a", "b", "c"]).await;
    let first = world.api.get(&format!("{maps}?labelSelector=l&limit=1")).await.ok();
    assert_eq!(names(&first), ["a"]);
    let more = first["metadata"]["continue"].as_str().unwrap();
    world.api.delete(&format!("{maps}/c"), json!({})).await.ok();
    made(&world, &["d"]).await;
    let rest = world.api.get(&format!("{maps}?labelSelector=l&limit=5&continue={more}")).await.ok();
    assert_eq!(names(&rest), ["b", "c"]);
    assert_eq!(rest["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
    let both = world.api.get(&format!("{maps}?limit=5&continue={more}&resourceVersion=1")).await;
    both.refused_with(400, "BadRequest", "specifying resource version is not allowed when using continue");
    let bad = world.api.get(&format!("{maps}?limit=5&continue=bad")).await;
    bad.refused_with(400, "BadRequest", "continue key is not valid");
}

async fn versions(world: World) {
    let maps = made(&world, &["a"]).await;
    let before = world.api.get(&format!("{maps}?labelSelector=l")).await.ok();
    let version = before["metadata"]["resourceVersion"].as_str().unwrap();
    made(&world, &["b"]).await;
    let listed = async |version: &str, rule: &str| {
        let path = format!("{maps}?labelSelector=l&resourceVersion={version}&resourceVersionMatch={rule}");
        world.api.get(&path).await
    };
    let exact = listed(version, "Exact").await.ok();
    assert_eq!((names(&exact), &exact["metadata"]["resourceVersion"]), (vec!["a"], &json!(version)));
    let now = world.api.get(&format!("{maps}?labelSelector=l")).await.ok();
    let newer = listed(now["metadata"]["resourceVersion"].as_str().unwrap(), "NotOlderThan")
        .await
        .ok();
    // From its cache, an old API server gives them in any order.
    assert_eq!(BTreeSet::from_iter(names(&newer)), BTreeSet::from(["a", "b"]));
    let future = listed("999999999", "NotOlderThan").await;
    future.refused_with(504, "Timeout", "Too large resource version: 999999999, current: ");
    let rule = listed(version, "Some").await;
    rule.refused_with(422, "Invalid", "resourceVersionMatch: Unsupported value: \"Some\"");
}

async fn table(world: World) {
    let maps = made(&world, &["a"]).await;
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    let table = world.api.get_as(&format!("{maps}?labelSelector=l"), accept).await.ok();
    assert_eq!((&table["kind"], &table["apiVersion"]), (&json!("Table"), &json!("meta.k8s.io/v1")));
    let columns = table["columnDefinitions"].as_array().unwrap().iter();
    let columns: Vec<_> = columns.map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(columns, ["Name", "Data", "Age"]);
    let row = &table["rows"][0];
    assert_eq!((&row["cells"][0], &row["cells"][1]), (&json!("a"), &json!(1)));
    assert!(row["cells"][2].as_str().unwrap().ends_with('s'));
    assert_eq!(row["object"]["kind"], "PartialObjectMetadata");
    let one = world.api.get_as(&format!("{maps}/a?includeObject=Object"), accept).await.ok();
    assert_eq!(one["rows"][0]["object"]["data"], json!({"k": "v"}));
}

async fn metadata_only(world: World) {
    let maps = made(&world, &["a"]).await;
    let accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    let list = world.api.get_as(&format!("{maps}?labelSelector=l"), accept).await.ok();
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    assert_eq!(names(&list), ["a"]);
    assert!(list["items"][0].get("data").is_none());
    let accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    let one = world.api.get_as(&format!("{maps}/a"), accept).await.ok();
    assert_eq!(
        (&one["kind"], &one["metadata"]["labels"]),
        (&json!("PartialObjectMetadata"), &json!({"l": "1"}))
    );
    assert!(one.get("data").is_none());
}

async fn yaml(world: World) {
    let maps = made(&world, &["a"]).await;
    let answer = world.api.get_as(&format!("{maps}/a"), "application/yaml").await.ok();
    let text = answer.as_str().unwrap();
    assert!(text.starts_with("apiVersion: v1\ndata:\n  k: v\nkind: ConfigMap\n"), "{text}");
}

async fn no_such_form(world: World) {
    let maps = world.path("configmaps");
    let answer = world.api.get_as(&maps, "text/csv").await;
    answer.refused_with(406, "NotAcceptable", "406: Not Acceptable");
}
