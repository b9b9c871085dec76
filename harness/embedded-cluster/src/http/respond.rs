//! From what the pipeline answers to an HTTP response.

use std::convert::Infallible;

use crate::value::{Value, json};
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq};

use super::negotiate::{self, Accepted, Form};
use super::table::{Include, Table};
use super::watch;
use crate::apiserver::{self, ApiServer, Outcome, Page};
use crate::client::List;
use crate::kinds::Kind;
use crate::object::Object;
use crate::status::Status;

/// A response's body: whole, or a stream.
pub type ResponseBody = UnsyncBoxBody<Bytes, std::io::Error>;

pub(super) use negotiate::accept as negotiate;

pub(super) fn empty() -> ResponseBody {
    Empty::new().map_err(|never: Infallible| match never {}).boxed_unsync()
}

pub(super) fn full(bytes: impl Into<Bytes>) -> ResponseBody {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// A response with a body of one type.
pub(super) fn typed(code: u16, content_type: &str, body: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// A failure.
pub(super) fn status(status: &Status) -> Response<ResponseBody> {
    status_as(status, false)
}

/// A failure, as YAML or as JSON.
pub(super) fn status_as(status: &Status, yaml: bool) -> Response<ResponseBody> {
    let json = status.to_json();
    let mut response = if yaml {
        typed(status.code, "application/yaml", full(yaml::emit::document(&(&json).into())))
    } else {
        typed(status.code, "application/json", full(json.to_string()))
    };
    if let Some(seconds) = status.details.as_ref().and_then(|d| d.retry_after_seconds) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    warn(&mut response, &status.warnings);
    response
}

/// An answer of the pipeline.
///
/// `kind` is the kind that the request was about.
pub(super) fn outcome(
    server: &ApiServer,
    response: apiserver::Response,
    kind: Option<&Kind>,
    accept: &Accepted,
) -> Result<Response<ResponseBody>, Status> {
    let mut answer = match response.outcome {
        Outcome::Object(object, created) => {
            let code = if created { 201 } else { 200 };
            match (accept.form, kind) {
                (Form::Metadata { list: true }, Some(kind)) => {
                    return Err(Status::wrong_form(format!(
                        "you requested PartialObjectMetadataList, but the requested object is not a list (*{})",
                        go_type(kind)
                    )));
                }
                (Form::Metadata { .. }, _) => encoded(code, metadata_of(&object).to_json().into(), accept),
                (Form::Table(include), Some(kind)) => {
                    let metadata = json!({"resourceVersion": object.revision().to_string()});
                    let table = table(server, kind, include).of(&[object], &metadata, true);
                    encoded(code, table.to_json().into(), accept)
                }
                (Form::Plain | Form::Table(_), _) => encoded(code, object.json(), accept),
            }
        }
        Outcome::List(_, kind, _) if accept.form == (Form::Metadata { list: false }) => {
            return Err(Status::wrong_form(format!(
                "you requested PartialObjectMetadata, but the requested object is a list (*{}List)",
                go_type(&kind)
            )));
        }
        Outcome::List(list, kind, page) => encoded(200, list_bytes(server, &list, &kind, &page, accept.form), accept),
        Outcome::Value(value, code) => encoded(code, value.to_string().into(), accept),
        Outcome::Watch(_) if accept.yaml => return Err(Status::not_acceptable("application/json;stream=watch")),
        Outcome::Watch(stream) => typed(200, "application/json", watch::body(stream, accept.form, server.clock.clone())),
        Outcome::Upgraded(headers) => {
            let mut response = typed(101, "", empty());
            *response.headers_mut() = headers;
            response
        }
        Outcome::Log(None) => typed(204, "", empty()),
        Outcome::Log(Some(stream)) => typed(200, "text/plain", stream.map_err(std::io::Error::other).boxed_unsync()),
    };
    warn(&mut answer, &response.warnings);
    Ok(answer)
}

fn warn(answer: &mut Response<ResponseBody>, warnings: &[String]) {
    for warning in warnings {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            answer.headers_mut().append("warning", value);
        }
    }
}

fn encoded(code: u16, json: Bytes, accept: &Accepted) -> Response<ResponseBody> {
    if !accept.yaml {
        return typed(code, "application/json", full(json));
    }
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
    typed(code, "application/yaml", full(yaml::emit::document(&value)))
}

/// `PartialObjectMetadata` of an object.
pub(super) fn metadata_of(object: &Object) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.value()["metadata"]})
}

/// The Go type of a kind's objects, which shows in messages.
fn go_type(kind: &Kind) -> String {
    let package = kind.resource.group().split('.').next().unwrap_or_default();
    match (&kind.custom, package) {
        (Some(_), _) => "unstructured.Unstructured".to_owned(),
        (None, "") => format!("core.{}", kind.kind),
        (None, package) => format!("{package}.{}", kind.kind),
    }
}

fn table<'a>(server: &ApiServer, kind: &'a Kind, include: Include) -> Table<'a> {
    Table {
        kind,
        include,
        now: server.clock.now(),
    }
}

fn list_bytes(server: &ApiServer, list: &List, kind: &Kind, page: &Page, form: Form) -> Bytes {
    let mut metadata = json!({"resourceVersion": list.revision.to_string()});
    if !page.continue_token.is_empty() {
        metadata["continue"] = page.continue_token.clone().into();
    }
    if let Some(remaining) = page.remaining {
        metadata["remainingItemCount"] = remaining.into();
    }
    let value = match form {
        Form::Plain => {
            let shown = Items {
                items: &list.items,
                with_kind: kind.custom.is_some(),
            };
            let document = ListDocument {
                kind: &kind.list_kind,
                api_version: &kind.api_version(),
                metadata,
                items: shown,
            };
            return serde_json::to_vec(&document).unwrap_or_default().into();
        }
        Form::Metadata { .. } => {
            let items: Value = list.items.iter().map(|object| metadata_of(object)).collect();
            json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": items})
        }
        Form::Table(include) => table(server, kind, include).of(&list.items, &metadata, true),
    };
    value.to_string().into()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListDocument<'a> {
    kind: &'a str,
    api_version: &'a str,
    metadata: Value,
    items: Items<'a>,
}

/// Items of a list. Those of built-in kinds do not repeat kind and version.
struct Items<'a> {
    items: &'a [std::sync::Arc<Object>],
    with_kind: bool,
}

impl Serialize for Items<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.items.len()))?;
        for item in self.items {
            if self.with_kind {
                list.serialize_element(item.value())?;
            } else {
                list.serialize_element(&WithoutKind(item.value()))?;
            }
        }
        list.end()
    }
}

struct WithoutKind<'a>(&'a Value);

impl Serialize for WithoutKind<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in self.0.as_object().into_iter().flatten() {
            if key != "kind" && key != "apiVersion" {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}
