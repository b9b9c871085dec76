//! `/openapi/v3`: Kubernetes' own documents, and one for each version of a group of custom resources. [`v2`] is all of them in one.

mod gnostic;
pub(super) mod v2;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::kinds::Kind;
use crate::value::{Map, Value, json};
use bytes::Bytes;
use http::Response;
use sha2::{Digest, Sha256};

use super::respond::{self, ResponseBody};
use crate::apiserver::ApiServer;
use crate::data;
use crate::status::Status;

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Answers the index, or one document.
pub(super) fn answer(server: &ApiServer, steps: &[&str], _query: &str) -> Result<Response<ResponseBody>, Status> {
    if steps.is_empty() {
        // The real server calls its JSON index text.
        return Ok(respond::typed(
            200,
            "text/plain; charset=utf-8",
            respond::full(index(server).to_string()),
        ));
    }
    if let Some(document) = built_in(&steps.join("/"))? {
        return Ok(respond::typed(200, "application/json", respond::full(document)));
    }
    if let ["apis", group, version] = steps
        && let Some(document) = custom(server, group, version)
    {
        return Ok(respond::typed(200, "application/json", respond::full(document.to_string())));
    }
    Ok(respond::typed(404, "", respond::empty()))
}

/// One of Kubernetes' documents. Each is the same for every cluster, so it is written once.
fn built_in(path: &str) -> Result<Option<Bytes>, Status> {
    static WRITTEN: LazyLock<Mutex<BTreeMap<String, Bytes>>> = LazyLock::new(Mutex::default);
    // Whoever asks for the same one meanwhile waits for it, rather than write it, too.
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(document) = written.get(path) {
        return Ok(Some(document.clone()));
    }
    let Some(document) = data::openapi_document(path) else {
        return Ok(None);
    };
    let document = Bytes::from(described(&document)?);
    written.insert(path.to_owned(), document.clone());
    Ok(Some(document))
}

/// One of Kubernetes' documents with the texts of its definitions, as `kubectl explain` shows them.
fn described(document: &str) -> Result<String, Status> {
    let mut document: serde_json::Value = serde_json::from_str(document).map_err(Status::internal)?;
    let schemas = document
        .pointer_mut("/components/schemas")
        .and_then(serde_json::Value::as_object_mut);
    if let Some(schemas) = schemas {
        let descriptions = data::Descriptions::read();
        for (name, schema) in schemas {
            descriptions.describe(name, schema);
        }
    }
    Ok(document.to_string())
}

fn index(server: &ApiServer) -> Value {
    static BUILT_IN: LazyLock<Vec<String>> = LazyLock::new(|| {
        data::OPENAPI
            .iter()
            .map(|(_, packed)| digest(&[packed, data::DESCRIPTIONS]))
            .collect()
    });
    let mut paths = Map::new();
    let mut insert = |path: &str, hash: &str| {
        let url = format!("/openapi/v3/{path}?hash={hash}");
        paths.insert(path.to_owned(), json!({"serverRelativeURL": url}));
    };
    for ((path, _), hash) in data::OPENAPI.iter().zip(&*BUILT_IN) {
        insert(path, hash);
    }
    for (path, document) in custom_documents(server) {
        insert(&path, &digest(&[document.to_string().as_bytes()]));
    }
    json!({"paths": paths})
}

/// The documents of custom resources, each with its path.
fn custom_documents(server: &ApiServer) -> impl Iterator<Item = (String, Value)> {
    let kinds = server.kinds.custom();
    let version = |kind: &Arc<Kind>| (kind.resource.group().to_owned(), kind.resource.version().to_owned());
    let versions: BTreeSet<(String, String)> = kinds.iter().map(version).collect();
    versions.into_iter().filter_map(|(group, version)| {
        let document = custom(server, &group, &version)?;
        Some((format!("apis/{group}/{version}"), document))
    })
}

fn digest(parts: &[&[u8]]) -> String {
    let digest = parts
        .iter()
        .fold(Sha256::new(), |digest, part| digest.chain_update(part))
        .finalize();
    digest.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The document of a version of a group of custom resources; none where there are none.
fn custom(server: &ApiServer, group: &str, version: &str) -> Option<Value> {
    let kinds = server.kinds.custom();
    let of_version = |kind: &&Arc<Kind>| kind.resource.group() == group && kind.resource.version() == version;
    let kinds: Vec<&Arc<Kind>> = kinds.iter().filter(of_version).collect();
    if kinds.is_empty() {
        return None;
    }
    let (mut schemas, mut paths) = (Map::new(), Map::new());
    for kind in kinds {
        describe(server, kind, &mut schemas, &mut paths);
    }
    if let Some(metadata) = metadata() {
        schemas.extend(metadata);
    }
    Some(json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes CRD Swagger", "version": "v0.1.0"},
        "paths": paths, "components": {"schemas": schemas},
    }))
}

fn describe(server: &ApiServer, kind: &Kind, schemas: &mut Map, paths: &mut Map) {
    let (group, version) = (kind.resource.group(), kind.resource.version());
    let definition = server.store.get(
        &"customresourcedefinitions.apiextensions.k8s.io".into(),
        "",
        &kind.resource.qualified(),
    );
    let schema = definition.and_then(|definition| {
        let mut versions = definition.value()["spec"]["versions"].as_array()?.iter();
        Some(versions.find(|v| v["name"] == version)?["schema"]["openAPIV3Schema"].clone())
    });
    let mut schema = schema.filter(Value::is_object).unwrap_or_else(|| json!({"type": "object"}));
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let gvk = |kind: &str| json!({"group": group, "version": version, "kind": kind});
    schema["properties"]["apiVersion"] = json!({"type": "string"});
    schema["properties"]["kind"] = json!({"type": "string"});
    schema["properties"]["metadata"] = json!({"allOf": [reference(OBJECT_META)]});
    schema["x-kubernetes-group-version-kind"] = json!([gvk(&kind.kind)]);
    let reversed: Vec<&str> = group.rsplit('.').collect();
    let name = |kind: &str| format!("{}.{version}.{kind}", reversed.join("."));
    let items = json!({"type": "array", "items": reference(&name(&kind.kind))});
    let list = json!({
        "type": "object", "required": ["items"],
        "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}, "items": items},
        "x-kubernetes-group-version-kind": [gvk(&kind.list_kind)],
    });
    schemas.insert(name(&kind.kind), schema);
    schemas.insert(name(&kind.list_kind), list);
    let place = if kind.namespaced { "namespaces/{namespace}/" } else { "" };
    let collection = format!("/apis/{group}/{version}/{place}{}", kind.resource.plural());
    let operation = |action: &str, answer: &str| {
        let content = json!({"application/json": {"schema": reference(&name(answer))}});
        json!({
            "x-kubernetes-action": action, "x-kubernetes-group-version-kind": gvk(&kind.kind),
            "responses": {"200": {"description": "OK", "content": content}},
        })
    };
    let post = operation("post", &kind.kind);
    paths.insert(collection.clone(), json!({"get": operation("list", &kind.list_kind), "post": post}));
    // kubectl looks for these before it sends them.
    let parameters: Vec<Value> = ["dryRun", "fieldManager", "fieldValidation"]
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}}))
        .collect();
    let mut item = json!({"get": operation("get", &kind.kind)});
    for action in ["put", "patch", "delete"] {
        item[action] = operation(action, &kind.kind);
        item[action]["parameters"] = parameters.clone().into();
    }
    paths.insert(format!("{collection}/{{name}}"), item);
}

/// The schemas of an object's metadata, as Kubernetes' own documents have them.
fn metadata() -> Option<Vec<(crate::value::Text, Value)>> {
    let document = data::openapi_document("apis/apps/v1")?;
    let document: Value = serde_json::from_slice(document.as_ref()).ok()?;
    let schemas = document["components"]["schemas"].as_object()?;
    let wanted = |name: &str| {
        let own = name.strip_prefix("io.k8s.apimachinery.pkg.apis.meta.v1.");
        matches!(
            own,
            Some("ObjectMeta" | "ManagedFieldsEntry" | "FieldsV1" | "OwnerReference" | "Time")
        )
    };
    let found = schemas.iter().filter(|(name, _)| wanted(name));
    Some(found.map(|(name, schema)| (name.clone(), schema.clone())).collect())
}
