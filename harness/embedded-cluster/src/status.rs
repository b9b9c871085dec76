//! Errors as Kubernetes words them: the `Status` object.
//!
//! Clients branch on `code` and `reason` and people read `message`, so the texts here are the
//! API server's own.

use std::borrow::Cow;

use crate::value::{Value, json};
use serde::Serialize;

use crate::resource::Resource;

/// A failed request, as the API answers it (`kind: Status`, `status: Failure`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// Machine-readable reason, for example `NotFound`. Empty where Kubernetes gives none.
    pub reason: Cow<'static, str>,
    /// Text for people.
    pub message: String,
    /// What the error is about.
    pub details: Option<Box<Details>>,
    /// Warnings about the request, which its answer carries.
    pub warnings: Vec<String>,
}

/// What a [`Status`] is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// Name of the object.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// API group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Plural resource name, or the kind for validation errors.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// UID of the object.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// Single causes, one a field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// Seconds to wait before the next try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

/// One cause of a failure, usually one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// For example `FieldValueRequired`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: Cow<'static, str>,
    /// Text without the field's path.
    pub message: String,
    /// Path of the field, for example `spec.containers[0].image`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

impl Cause {
    /// A required field is missing.
    pub fn required(field: impl Into<String>, detail: &str) -> Self {
        let message = if detail.is_empty() {
            "Required value".into()
        } else {
            format!("Required value: {detail}")
        };
        Self {
            reason: "FieldValueRequired".into(),
            message,
            field: field.into(),
        }
    }

    /// A field's value is not acceptable. `value` is shown as Go's `%#v`-like JSON.
    pub(crate) fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        Self {
            reason: "FieldValueInvalid".into(),
            message: format!("Invalid value: {}: {detail}", shown(value)),
            field: field.into(),
        }
    }

    /// A field's value is not one of the known ones.
    pub(crate) fn not_supported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Self {
        let mut list: Vec<String> = supported.iter().map(|s| format!("{s:?}")).collect();
        list.sort();
        let message = format!("Unsupported value: {}: supported values: {}", shown(value), list.join(", "));
        Self {
            reason: "FieldValueNotSupported".into(),
            message,
            field: field.into(),
        }
    }

    /// A value occurs twice.
    pub(crate) fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        Self {
            reason: "FieldValueDuplicate".into(),
            message: format!("Duplicate value: {}", shown(value)),
            field: field.into(),
        }
    }

    /// A field must not be set (so).
    pub fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self {
            reason: "FieldValueForbidden".into(),
            message: format!("Forbidden: {detail}"),
            field: field.into(),
        }
    }

    /// A value is too long.
    pub fn too_long(field: impl Into<String>, max: usize) -> Self {
        Self {
            reason: "FieldValueTooLong".into(),
            message: format!("Too long: may not be more than {max} bytes"),
            field: field.into(),
        }
    }

    /// `field: message`, as joined in a [`Status`] message.
    pub fn line(&self) -> String {
        if self.field.is_empty() {
            self.message.clone()
        } else {
            format!("{}: {}", self.field, self.message)
        }
    }
}

/// A value as Kubernetes quotes it in messages: strings quoted, everything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(s) => quoted(s),
        other => other.to_string(),
    }
}

/// A text in quotes, as Go writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

impl Status {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            message: message.into(),
            details: None,
            warnings: vec![],
        }
    }

    fn about(mut self, resource: &Resource, name: &str) -> Self {
        self.details = Some(Box::new(Details {
            name: name.into(),
            group: resource.group().into(),
            kind: resource.plural().into(),
            ..Details::default()
        }));
        self
    }

    /// Adds warnings about the request.
    #[must_use]
    pub fn with_warnings(mut self, warnings: Vec<String>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    /// Adds one cause.
    #[must_use]
    pub fn cause(mut self, reason: &'static str, message: impl Into<String>, field: impl Into<String>) -> Self {
        let details = self.details.get_or_insert_with(Box::default);
        details.causes.push(Cause {
            reason: reason.into(),
            message: message.into(),
            field: field.into(),
        });
        self
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 401: no or wrong credentials.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// 403 with `because` after the usual introduction.
    pub fn forbidden(resource: &Resource, name: &str, because: &str) -> Self {
        let message = match (name, resource.plural()) {
            ("", "") => format!("forbidden: {because}"),
            ("", _) => format!("{} is forbidden: {because}", resource.qualified()),
            _ => format!("{} {name:?} is forbidden: {because}", resource.qualified()),
        };
        Self::new(403, "Forbidden", message).about(resource, name)
    }

    /// 404 for an object.
    pub fn not_found(resource: &Resource, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} {name:?} not found", resource.qualified())).about(resource, name)
    }

    /// 404 for a resource type that is not served.
    pub fn no_such_resource() -> Self {
        let mut status = Self::new(404, "NotFound", "the server could not find the requested resource");
        status.details = Some(Box::default());
        status
    }

    /// 405 for a verb that the resource does not have.
    pub fn verb_not_allowed() -> Self {
        Self::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
        .with_empty_details()
    }

    /// An answer that has no reason, only a code and a text.
    pub fn plain(code: u16, message: impl Into<String>) -> Self {
        Self::new(code, "", message)
    }

    /// 403 for a path outside of the resources.
    pub fn forbidden_path(because: &str) -> Self {
        Self::new(403, "Forbidden", format!("forbidden: {because}")).with_empty_details()
    }

    /// 415 for a patch of an unknown kind.
    pub fn unsupported_patch() -> Self {
        Self::new(415, "UnsupportedMediaType", "415: Unsupported Media Type").with_empty_details()
    }

    /// 422 for a patch that does not fit the object.
    pub fn rejected() -> Self {
        Self::new(422, "Invalid", "the server rejected our request due to an error in our request").with_empty_details()
    }

    fn with_empty_details(mut self) -> Self {
        self.details = Some(Box::default());
        self
    }

    /// 406: none of the media types in `Accept` can be produced.
    pub fn not_acceptable(offered: &str) -> Self {
        Self::new(
            406,
            "NotAcceptable",
            format!("only the following media types are accepted: {offered}"),
        )
    }

    /// 406 when the answer cannot take the form that the client asks for.
    pub(crate) fn wrong_form(message: String) -> Self {
        Self::new(406, "NotAcceptable", message)
    }

    /// 406 when the answer can be encoded in no way that the client knows.
    pub fn no_representation(streams: bool) -> Self {
        let mut offered = "application/json, application/yaml, application/vnd.kubernetes.protobuf".to_owned();
        if streams {
            offered.push_str(", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch");
        }
        Self::new(
            406,
            "NotAcceptable",
            format!("406: Not Acceptable\n\nAvailable representations: {offered}"),
        )
        .with_empty_details()
    }

    /// 409: an object of that name is there.
    pub fn already_exists(resource: &Resource, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} {name:?} already exists", resource.qualified())).about(resource, name)
    }

    /// 409 with a reason of its own.
    pub fn conflict(resource: &Resource, name: &str, because: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {because}", resource.qualified());
        Self::new(409, "Conflict", message).about(resource, name)
    }

    /// 409: the object was changed since it was read.
    pub fn modified(resource: &Resource, name: &str) -> Self {
        Self::conflict(
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// 410: the revision asked for is no longer kept.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 413: the body asks for too much.
    pub fn too_large(because: &str) -> Self {
        Self::new(413, "RequestEntityTooLarge", format!("Request entity too large: {because}"))
    }

    /// 415: the body's media type is not read here.
    pub fn unsupported_media_type(read: &str) -> Self {
        let message = format!("the body of the request was in an unknown format - accepted media types include: {read}");
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// 422: the object is not valid. `kind` is the object's kind, not its plural.
    pub fn invalid(group: &str, kind: &str, name: &str, causes: Vec<Cause>) -> Self {
        let mut lines: Vec<String> = vec![];
        for line in causes.iter().map(Cause::line) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        let all = if let [one] = lines.as_slice() {
            one.clone()
        } else {
            format!("[{}]", lines.join(", "))
        };
        let qualified = if group.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}.{group}")
        };
        let mut status = Self::new(422, "Invalid", format!("{qualified} {name:?} is invalid: {all}"));
        status.details = Some(Box::new(Details {
            name: name.into(),
            group: group.into(),
            kind: kind.into(),
            causes,
            ..Details::default()
        }));
        status
    }

    /// 429: try again later.
    pub fn too_many_requests(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        let mut status = Self::new(429, "TooManyRequests", message);
        status.details = Some(Box::new(Details {
            retry_after_seconds: Some(retry_after_seconds),
            ..Details::default()
        }));
        status
    }

    /// 500: a fault of the server.
    pub fn internal(message: impl std::fmt::Display) -> Self {
        Self::new(500, "InternalError", format!("Internal error occurred: {message}"))
    }

    /// 501-like refusal of something that this server does not do (yet).
    pub fn not_implemented(what: &str) -> Self {
        Self::new(501, "NotImplemented", format!("{what} is not implemented by this server"))
    }

    /// 503: somebody that is needed for the answer is not there.
    pub fn service_unavailable(message: impl Into<String>) -> Self {
        Self::new(503, "ServiceUnavailable", message)
    }

    /// 503: the API server ends, or has ended.
    pub fn shutting_down() -> Self {
        Self::new(503, "ServiceUnavailable", "apiserver is shutting down")
    }

    /// 504: the operation did not end in time.
    pub fn timeout(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        let mut status = Self::new(504, "Timeout", message);
        status.details = Some(Box::new(Details {
            retry_after_seconds: Some(retry_after_seconds),
            ..Details::default()
        }));
        status
    }

    /// Whether this says that an object or resource is not there.
    pub fn is_not_found(&self) -> bool {
        self.reason == "NotFound"
    }

    /// Whether an object of that name is there already.
    pub fn is_already_exists(&self) -> bool {
        self.reason == "AlreadyExists"
    }

    /// Whether the write lost against another one.
    pub fn is_conflict(&self) -> bool {
        self.reason == "Conflict"
    }

    /// The JSON object of the API.
    pub(crate) fn to_json(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.as_ref().into();
        }
        if let Some(details) = &self.details {
            status["details"] = serde_json::to_value(details).map_or(Value::Null, Value::from);
        }
        status
    }
}
