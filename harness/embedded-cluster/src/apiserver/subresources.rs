//! Paths below objects that are more than a part of the object.

use std::sync::Arc;

use crate::value::Value;

use super::{ApiServer, Outcome, Request, binding, connect, decode, eviction, logs, scale, token, write};
use crate::kinds::Kind;
use crate::status::Status;

/// Whether a subresource has a handler of its own. The others are the object itself, written only
/// in part.
pub(super) fn is_special(name: &str) -> bool {
    !["status", "approval", "ephemeralcontainers", "resize"].contains(&name)
}

/// Answers a request to a subresource.
pub(super) async fn answer(
    server: &Arc<ApiServer>,
    kind: &Arc<Kind>,
    request: Request,
    warnings: &mut Vec<String>,
) -> Result<Outcome, Status> {
    match request.target.subresource.as_deref().unwrap_or_default() {
        "scale" => scale::answer(server, kind, &request, warnings).await,
        "binding" => binding::create(server, kind, &request, warnings).await,
        "eviction" => eviction::create(server, kind, &request, warnings).await,
        "token" => token::create(server, kind, &request, warnings).await,
        "log" => logs::get(server, &request).await,
        what @ ("exec" | "attach" | "portforward") if kind.resource.plural() == "pods" => {
            let what = what.to_owned();
            connect::answer(server, kind, request, &what, warnings).await
        }
        "finalize" => finalize(server, kind, &request, warnings).await,
        other => Err(Status::not_implemented(&format!("{}/{other}", kind.resource.plural()))),
    }
}

/// PUT `namespaces/<name>/finalize`: replaces `spec.finalizers`; without any, a namespace that is
/// being deleted goes.
async fn finalize(server: &Arc<ApiServer>, kind: &Arc<Kind>, request: &Request, warnings: &mut Vec<String>) -> Result<Outcome, Status> {
    let body = decode::object(kind, &request.body, &request.options)?.value;
    let finalizers: Value = body["spec"]["finalizers"].clone();
    let mut write = write::Write::new(server, kind, request, warnings);
    write
        .replace_part(&mut |object| {
            if finalizers.is_null() {
                if let Some(spec) = object["spec"].as_object_mut() {
                    spec.remove("finalizers");
                }
            } else {
                object["spec"]["finalizers"] = finalizers.clone();
            }
            Ok(body.clone())
        })
        .await
}
