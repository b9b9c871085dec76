//! From method, path and query to a request of the pipeline.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, header};

use super::service::{Asked, Refused};
use crate::apiserver::{Body, Options, OptionsKind, Target, Verb, unescape};
use crate::auth::{Attributes, Identity};
use crate::resource::Resource;
use crate::status::Status;

/// What a path is about.
#[derive(Debug)]
pub(super) enum Route {
    /// A resource below `/api/<version>` or `/apis/<group>/<version>`.
    Resource(Target),
    /// Anything else.
    Path(String),
}

/// Reads a path.
pub(super) fn parse(path: &str) -> Route {
    let steps: Vec<String> = path.split('/').filter(|s| !s.is_empty()).map(|s| unescape(s, false)).collect();
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let (group, version, rest) = match steps.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return Route::Path(path.to_owned()),
    };
    let (namespace, rest) = match rest {
        // A namespace and its subresources are cluster-scoped objects themselves.
        ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some((*namespace).to_owned()), rest),
        _ => (None, rest),
    };
    let text = |i: usize| rest.get(i).map(|s| (*s).to_owned());
    let subresource = match rest.get(2..) {
        // What is behind is the path of something else.
        Some(["proxy", ..]) => Some("proxy".to_owned()),
        Some(subresource) if !subresource.is_empty() => Some(subresource.join("/")),
        _ => None,
    };
    Route::Resource(Target {
        resource: Resource::named(group, version, rest[0]),
        namespace,
        name: text(1),
        subresource,
    })
}

/// Puts the request together. The body is read only for methods that have one.
pub(super) async fn request<F>(parts: &Parts, target: Target, identity: Arc<Identity>, body: impl FnOnce() -> F) -> Result<Asked, Refused>
where
    F: Future<Output = Result<Bytes, Status>>,
{
    let query = parts.uri.query().unwrap_or_default();
    let text = |name| {
        parts
            .headers
            .get(name)
            .and_then(|v: &http::HeaderValue| v.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let mut request = Asked {
        identity,
        verb: verb(&parts.method, &target, query).unwrap_or(Verb::Get),
        target,
        options: Options::default(),
        body: Body::empty(),
        agent: text(header::USER_AGENT),
        upgrade: None,
    };
    let refused = |request: &Asked, status| {
        let mut attributes: Attributes = request.attributes();
        if verb(&parts.method, &request.target, query).is_none() {
            attributes.verb = parts.method.as_str().to_lowercase();
        }
        Refused {
            identity: request.identity.clone(),
            target: request.target.clone(),
            attributes,
            status,
        }
    };
    if verb(&parts.method, &request.target, query).is_none() {
        return Err(refused(&request, Status::verb_not_allowed()));
    }
    request.options = match Options::parse(query, options_kind(request.verb)) {
        Ok(options) => options,
        Err(status) => return Err(refused(&request, status)),
    };
    if matches!(parts.method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE) {
        match body().await {
            Ok(bytes) => {
                request.body = Body::Wire {
                    content_type: text(header::CONTENT_TYPE),
                    bytes,
                }
            }
            Err(status) => return Err(refused(&request, status)),
        }
    }
    Ok(request)
}

/// The verb of a method; none where the path does not have it.
fn verb(method: &Method, target: &Target, query: &str) -> Option<Verb> {
    let named = target.name.is_some();
    let watching = || {
        let options = Options::parse(query, OptionsKind::Delete).ok();
        options.map_or_else(|| query.contains("watch=true") || query.contains("watch=1"), |o| o.watch)
    };
    Some(match (method.as_str(), named) {
        ("GET", true) => Verb::Get,
        ("GET", false) if watching() => Verb::Watch,
        ("GET", false) => Verb::List,
        ("POST", false) => Verb::Create,
        ("POST", true) if target.subresource.is_some() => Verb::Create,
        ("PUT", true) => Verb::Update,
        ("PATCH", true) => Verb::Patch,
        ("DELETE", true) => Verb::Delete,
        ("DELETE", false) => Verb::DeleteCollection,
        _ => return None,
    })
}

fn options_kind(verb: Verb) -> OptionsKind {
    match verb {
        Verb::Get | Verb::List | Verb::Watch => OptionsKind::List,
        Verb::Create => OptionsKind::Create,
        Verb::Update => OptionsKind::Update,
        Verb::Patch => OptionsKind::Patch,
        Verb::Delete | Verb::DeleteCollection => OptionsKind::Delete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("/api/v1/namespaces/a/pods/b/log", " v1 pods a b log")]
    #[case("/apis/apps/v1/deployments", "apps v1 deployments   ")]
    #[case("/api/v1/namespaces/a", " v1 namespaces  a ")]
    #[case("/api/v1/namespaces/a/status", " v1 namespaces  a status")]
    #[case("/api/v1/namespaces/a/status/b", " v1 status a b ")]
    fn paths(#[case] path: &str, #[case] expected: &str) {
        let Route::Resource(t) = parse(path) else {
            panic!("{path} is a resource")
        };
        let o = |v: &Option<String>| v.clone().unwrap_or_default();
        let found = [
            t.resource.group(),
            t.resource.version(),
            t.resource.plural(),
            &o(&t.namespace),
            &o(&t.name),
            &o(&t.subresource),
        ]
        .join(" ");
        assert_eq!(found, expected);
    }
}
