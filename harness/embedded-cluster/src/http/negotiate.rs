//! `Accept`: in which form an answer is wanted.

use http::{HeaderMap, header};

use super::table::Include;
use crate::apiserver::media_type;
use crate::status::Status;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The object as it is.
    Plain,
    /// `PartialObjectMetadata`, or a list of it.
    Metadata { list: bool },
    /// `Table`, with rows that carry this much of their objects.
    Table(Include),
}

/// Form and encoding of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) form: Form,
    pub(super) yaml: bool,
}

const OFFERED: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// Chooses the first acceptable media type. `streams`: lists and watches offer stream types too.
///
/// # Errors
/// 406 when nothing fits.
pub(super) fn accept(headers: &HeaderMap, streams: bool) -> Result<Accepted, Status> {
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if accept.trim().is_empty() {
        return Ok(Accepted {
            form: Form::Plain,
            yaml: false,
        });
    }
    let mut known = false;
    for clause in accept.split(',') {
        let yaml = match media_type(clause) {
            "application/json" | "*/*" => false,
            "application/yaml" => true,
            "application/vnd.kubernetes.protobuf" => {
                known = true;
                continue;
            }
            _ => continue,
        };
        known = true;
        if let Some(form) = form(clause) {
            return Ok(Accepted { form, yaml });
        }
    }
    Err(if known {
        Status::not_acceptable(OFFERED)
    } else {
        Status::no_representation(streams)
    })
}

/// The form that a clause's parameters ask for; none for one that is not known.
fn form(clause: &str) -> Option<Form> {
    let parameter = |name: &str| {
        clause
            .split(';')
            .skip(1)
            .find_map(|p| p.trim().strip_prefix(name)?.strip_prefix('='))
    };
    match (parameter("as"), parameter("g"), parameter("v")) {
        (None, ..) => Some(Form::Plain),
        (Some("Table"), Some("meta.k8s.io"), Some("v1" | "v1beta1")) => Some(Form::Table(Include::Metadata)),
        (Some(form @ ("PartialObjectMetadata" | "PartialObjectMetadataList")), Some("meta.k8s.io"), Some("v1" | "v1beta1")) => {
            Some(Form::Metadata {
                list: form == "PartialObjectMetadataList",
            })
        }
        _ => None,
    }
}
