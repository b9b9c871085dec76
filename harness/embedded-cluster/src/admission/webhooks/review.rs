//! `AdmissionReview`: what a webhook is asked, and what it may answer.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::Attempt;
use super::super::matching::Seen;
use super::webhook::Webhook;
use crate::kinds::Kind;
use crate::resource::Resource;
use crate::status::{Cause, Details, Status};
use crate::value::{Value, json};

const GROUP: &str = "admission.k8s.io";

/// The question to a webhook about a write.
pub(super) fn question(hook: &Webhook, attempt: &Attempt<'_>, seen: &Seen, uid: &str) -> Value {
    let mut request = request(attempt, seen);
    request["uid"] = uid.into();
    json!({"kind": "AdmissionReview", "apiVersion": format!("{GROUP}/{}", hook.version), "request": request})
}

/// What a request looks like to webhooks and, but for the objects, to expressions.
pub(in super::super) fn request(attempt: &Attempt<'_>, seen: &Seen) -> Value {
    let own = attempt.kind;
    let other = match seen {
        Seen::Own => own,
        Seen::As(other) => other,
    };
    let old = attempt.old.map_or(Value::Null, |old| attempt.shown(old.value(), seen));
    let mut request = json!({
        "kind": kind(attempt.part.unwrap_or(other)),
        "resource": resource(&other.resource),
        "requestKind": kind(attempt.part.unwrap_or(own)),
        "requestResource": resource(&own.resource),
        "operation": attempt.operation().name(),
        "userInfo": attempt.request.identity.to_value(),
        "object": attempt.shown(attempt.new_object(), seen),
        "oldObject": old,
        "dryRun": attempt.options.dry_run,
        "options": attempt.options_object(),
    });
    for (field, text) in [
        ("subResource", attempt.subresource()),
        ("requestSubResource", attempt.subresource()),
        ("name", attempt.name()),
        ("namespace", attempt.place()),
    ] {
        if !text.is_empty() {
            request[field] = text.into();
        }
    }
    request
}

fn kind(kind: &Kind) -> Value {
    json!({"group": kind.resource.group(), "version": kind.resource.version(), "kind": kind.kind})
}

fn resource(resource: &Resource) -> Value {
    json!({"group": resource.group(), "version": resource.version(), "resource": resource.plural()})
}

/// A webhook's answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) allowed: bool,
    pub(super) warnings: Vec<String>,
    /// The JSON patch; empty where there is none.
    pub(super) patch: Vec<u8>,
    status: Value,
}

impl Answer {
    /// Reads an `AdmissionReview` that answers the one with `uid`.
    ///
    /// # Errors
    /// What the answer lacks, in Kubernetes' words.
    pub(super) fn read(review: &Value, uid: &str, version: &str, mutating: bool) -> Result<Self, String> {
        let response = &review["response"];
        if !response.is_object() {
            return Err("webhook response was absent".into());
        }
        let text = |field: &str| response[field].as_str();
        if version == "v1" {
            let found = text("uid").unwrap_or_default();
            if found != uid {
                return Err(format!("expected response.uid={uid:?}, got {found:?}"));
            }
            check_kind(review)?;
        }
        let patch = match text("patch") {
            None => vec![],
            Some(patch) => STANDARD.decode(patch).map_err(|error| format!("illegal base64 data: {error}"))?,
        };
        let kind = text("patchType");
        if version == "v1" {
            match (mutating, !patch.is_empty(), kind.is_some()) {
                (true, true, false) => return Err("webhook returned response.patch but not response.patchType".into()),
                (true, false, true) => return Err("webhook returned response.patchType but not response.patch".into()),
                (false, true, _) => return Err("validating webhook may not return response.patch".into()),
                (false, _, true) => return Err("validating webhook may not return response.patchType".into()),
                _ => {}
            }
        }
        if let Some(kind) = kind.filter(|kind| *kind != "JSONPatch") {
            return Err(format!("unsupported patch type {kind:?}"));
        }
        let warnings = response["warnings"].as_array().into_iter().flatten();
        Ok(Self {
            allowed: response["allowed"] == true,
            warnings: warnings.filter_map(|w| w.as_str().map(str::to_owned)).collect(),
            patch,
            status: response["status"].clone(),
        })
    }

    /// The refusal of a webhook that does not allow the write.
    pub(super) fn refusal(&self, hook: &str) -> Status {
        let text = |field: &str| self.status[field].as_str().unwrap_or_default();
        let denied = format!("admission webhook {hook:?} denied the request");
        let message = match (text("message"), text("reason")) {
            ("", "") => format!("{denied} without explanation"),
            ("", reason) => format!("{denied}: {reason}"),
            (message, _) => format!("{denied}: {message}"),
        };
        let code = self.status["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(0);
        Status {
            code: if (400..600).contains(&code) { code } else { 400 },
            reason: Cow::Owned(text("reason").to_owned()),
            message,
            details: details(&self.status["details"]),
            warnings: vec![],
        }
    }
}

fn check_kind(review: &Value) -> Result<(), String> {
    let text = |field: &str| review[field].as_str().unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if (api_version, kind) == ("admission.k8s.io/v1", "AdmissionReview") {
        return Ok(());
    }
    let found = if api_version.contains('/') {
        api_version.to_owned()
    } else {
        format!("/{api_version}")
    };
    Err(format!(
        "expected webhook response of {GROUP}/v1, Kind=AdmissionReview, got {found}, Kind={kind}"
    ))
}

fn details(details: &Value) -> Option<Box<Details>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cause = |cause: &Value| Cause {
        reason: text(&cause["reason"]).into(),
        message: text(&cause["message"]),
        field: text(&cause["field"]),
    };
    details.as_object()?;
    Some(Box::new(Details {
        name: text(&details["name"]),
        group: text(&details["group"]),
        kind: text(&details["kind"]),
        uid: text(&details["uid"]),
        causes: details["causes"].as_array().into_iter().flatten().map(cause).collect(),
        retry_after_seconds: details["retryAfterSeconds"].as_u64().and_then(|s| u32::try_from(s).ok()),
    }))
}
