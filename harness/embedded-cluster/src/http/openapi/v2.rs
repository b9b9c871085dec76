//! `/openapi/v2`: one document of everything, for older clients and for what newer ones ask when version 3 does not know a kind.
//!
//! It is version 3's content in version 2's form, without descriptions.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, header};
use serde_json::{Map, Value, json};

use super::super::respond::{self, ResponseBody};
use super::gnostic;
use crate::apiserver::ApiServer;
use crate::data;
use crate::status::Status;

/// What clients that want protobuf accept, and what they are answered.
const PROTOBUF: [&str; 2] = [
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
];
const GVK: &str = "x-kubernetes-group-version-kind";

/// Kubernetes' own part, which is the same for every cluster: as a tree, and as protobuf.
static BUILT_IN: LazyLock<(Value, Bytes)> = LazyLock::new(|| {
    let texts = data::OPENAPI.iter().filter_map(|(path, _)| data::openapi_document(path));
    let documents: Vec<Value> = texts.filter_map(|text| serde_json::from_str(text.as_ref()).ok()).collect();
    let document = document(&documents);
    let packed = gnostic::document(&document).into();
    (document, packed)
});

/// Answers the document, in JSON or in protobuf.
pub(in crate::http) fn answer(server: &ApiServer, parts: &Parts) -> Result<Response<ResponseBody>, Status> {
    let custom: Result<Vec<Value>, Status> = super::custom_documents(server)
        .map(|(_, document)| serde_json::from_str(&document.to_string()).map_err(Status::internal))
        .collect();
    let custom = custom?;
    let (built_in, packed) = &*BUILT_IN;
    let accept = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if PROTOBUF.iter().any(|offered| accept.contains(offered)) {
        // Two messages one after the other are both, merged.
        let mut whole = packed.to_vec();
        if !custom.is_empty() {
            whole.extend(gnostic::document(&document(&custom)));
        }
        return Ok(respond::typed(200, PROTOBUF[1], respond::full(whole)));
    }
    let mut whole = built_in.clone();
    let more = document(&custom);
    for part in ["paths", "definitions"] {
        if let (Some(whole), Some(more)) = (whole[part].as_object_mut(), more[part].as_object()) {
            whole.extend(more.clone());
        }
    }
    Ok(respond::typed(200, "application/json", respond::full(whole.to_string())))
}

/// Documents of version 3 as one of version 2.
fn document(documents: &[Value]) -> Value {
    let (mut paths, mut definitions) = (Map::new(), BTreeMap::<String, Value>::new());
    for document in documents {
        for (path, item) in fields(&document["paths"]) {
            paths.insert(path.clone(), path_item(item));
        }
        for (name, v3) in fields(&document["components"]["schemas"]) {
            let mut schema = schema(v3);
            // Not every document lists all kinds that a definition is of.
            if let Some(known) = definitions.get(name).and_then(|known| known[GVK].as_array())
                && let Some(kinds) = schema[GVK].as_array_mut()
            {
                kinds.extend(known.iter().cloned());
                kinds.sort_by_key(Value::to_string);
                kinds.dedup();
            }
            definitions.insert(name.clone(), without_nulls(schema));
        }
    }
    let info = json!({"title": "Kubernetes", "version": "v1.36.2"});
    json!({"swagger": "2.0", "info": info, "paths": paths, "definitions": definitions})
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Looking for a field that is not there leaves a null.
fn without_nulls(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}

fn schema(v3: &Value) -> Value {
    let mut v2 = Map::new();
    for (key, value) in fields(v3) {
        let value = match key.as_str() {
            "$ref" => reference(value),
            "properties" => fields(value).map(|(name, property)| (name.clone(), schema(property))).collect(),
            "items" => schema(value),
            "additionalProperties" if value.is_object() => schema(value),
            // Version 2 has no choices between types.
            "nullable" | "anyOf" | "not" | "default" => continue,
            "oneOf" => {
                v2.insert("type".to_owned(), "string".into());
                continue;
            }
            "allOf" => {
                if let Some(only) = value
                    .as_array()
                    .and_then(|all| all.first())
                    .filter(|first| first.get("$ref").is_some())
                {
                    v2.insert("$ref".to_owned(), reference(&only["$ref"]));
                }
                continue;
            }
            _ => value.clone(),
        };
        v2.insert(key.clone(), value);
    }
    Value::Object(v2)
}

fn reference(v3: &Value) -> Value {
    let name = v3.as_str().unwrap_or_default();
    name.replace("#/components/schemas/", "#/definitions/").into()
}

fn path_item(v3: &Value) -> Value {
    let item = fields(v3).map(|(key, value)| {
        let value = match key.as_str() {
            "parameters" => value.as_array().into_iter().flatten().map(parameter).collect(),
            _ => operation(value),
        };
        (key.clone(), value)
    });
    item.collect()
}

fn operation(v3: &Value) -> Value {
    let mut v2 = Map::new();
    let mut parameters: Vec<Value> = v3["parameters"].as_array().into_iter().flatten().map(parameter).collect();
    for (key, value) in fields(v3) {
        match key.as_str() {
            "parameters" => {}
            "requestBody" => {
                let content = &value["content"];
                v2.insert("consumes".to_owned(), media_types(content));
                if let Some((_, media)) = fields(content).next() {
                    let mut body = json!({"in": "body", "name": "body", "schema": schema(&media["schema"])});
                    if value["required"] == true {
                        body["required"] = true.into();
                    }
                    parameters.push(body);
                }
            }
            "responses" => {
                let content = fields(value).next().map(|(_, response)| media_types(&response["content"]));
                v2.insert("produces".to_owned(), content.unwrap_or_else(|| json!([])));
                v2.insert(
                    key.clone(),
                    fields(value).map(|(code, v3)| (code.clone(), response(code, v3))).collect(),
                );
            }
            _ => drop(v2.insert(key.clone(), value.clone())),
        }
    }
    if !parameters.is_empty() {
        v2.insert("parameters".to_owned(), parameters.into());
    }
    Value::Object(v2)
}

fn media_types(content: &Value) -> Value {
    fields(content).map(|(media, _)| Value::from(media.as_str())).collect()
}

fn response(code: &str, v3: &Value) -> Value {
    let description = match code {
        "201" => "Created",
        "202" => "Accepted",
        "401" => "Unauthorized",
        _ => "OK",
    };
    match fields(&v3["content"]).next() {
        Some((_, media)) => json!({"description": description, "schema": schema(&media["schema"])}),
        None => json!({"description": description}),
    }
}

/// A parameter in the path or the query: its schema's fields are its own.
fn parameter(v3: &Value) -> Value {
    let own = fields(v3).filter(|(key, _)| *key != "schema");
    own.chain(fields(&v3["schema"]))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_referred_to_is_there() {
        let (document, _) = &*BUILT_IN;
        let definitions = document["definitions"].as_object().unwrap();
        let text = document.to_string();
        let mut references = text
            .split(r##""$ref":"#/definitions/"##)
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        assert_eq!(references.find(|name| !definitions.contains_key(*name)), None);
        assert!(definitions.len() > 500 && !text.contains("#/components"), "{}", definitions.len());
        let patch = &document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
        let parameters = patch["parameters"].as_array().unwrap();
        assert!(parameters.contains(&json!({"in": "query", "name": "fieldValidation", "type": "string", "uniqueItems": true})));
        assert_eq!(patch[GVK], json!({"group": "apps", "version": "v1", "kind": "Deployment"}));
        let deployment = &definitions["io.k8s.api.apps.v1.DeploymentSpec"]["properties"]["template"];
        assert_eq!(deployment["$ref"], "#/definitions/io.k8s.api.core.v1.PodTemplateSpec");
        let quantity = &definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"];
        assert_eq!(*quantity, json!({"type": "string", "format": "int-or-string"}));
    }
}
