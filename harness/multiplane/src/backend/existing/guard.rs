//! The one way to write to a cluster that is not ours: what a run makes is recorded first, and what it did not make is left alone.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt, ready};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use kube::client::{Body, DynBody};
use serde_json::{Value, json};
use tower::{BoxError, Layer, Service};

use super::key::{Key, Target, resource};
use super::record::append;

/// What content a patch has that may create its object.
const APPLY: &str = "application/apply-patch";
/// API groups that answer questions and store nothing.
const QUESTIONS: [&str; 2] = ["authentication.k8s.io", "authorization.k8s.io"];

/// Judges every write of one scenario to one cluster. Clones share their record.
#[derive(Clone)]
pub(super) struct Guard(Arc<Shared>);

struct Shared {
    context: String,
    before: BTreeSet<Key>,
    made: Mutex<Made>,
}

struct Made {
    keys: BTreeSet<Key>,
    file: File,
}

impl Guard {
    /// A guard over a cluster that had `before`; `file` records what is made.
    pub(super) fn new(context: &str, before: BTreeSet<Key>, file: File) -> Self {
        Self(Arc::new(Shared {
            context: context.to_owned(),
            before,
            made: Mutex::new(Made {
                keys: BTreeSet::new(),
                file,
            }),
        }))
    }

    /// Lets a request pass, or says why not.
    fn judge(&self, request: &Request<Body>) -> Result<(), String> {
        let (method, uri) = (request.method(), request.uri());
        if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
            return Ok(());
        }
        let Some(target) = Target::parse(uri.path()) else {
            return Err(format!("{method} {} is no request about an object", uri.path()));
        };
        let dry = uri.query().is_some_and(|query| query.split('&').any(|part| part == "dryRun=All"));
        if dry || QUESTIONS.contains(&target.group) {
            return Ok(());
        }
        let resource = resource(target.group, target.plural);
        let name = match target.name {
            Some(name) => name.to_owned(),
            None if *method == Method::POST => named_in(request.body())
                .ok_or_else(|| format!("a {resource} without a name cannot be recorded before it is made; give it one"))?,
            None => return Err(format!("{method} of all {resource} at once")),
        };
        let key = Key::new(&resource, target.namespace, &name);
        let mut made = self.0.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.has(&key) {
            return Ok(());
        }
        let context = &self.0.context;
        if self.0.before.contains(&key) {
            return Err(format!(
                "{key} was there before the run; multiplane changes nothing in {context} that it did not make"
            ));
        }
        let creates = *method == Method::POST || (*method == Method::PATCH && is_apply(request));
        if !creates || target.subresource.is_some() {
            return Err(format!(
                "{key} was not made by this run; multiplane changes nothing else in {context}"
            ));
        }
        append(&mut made.file, &key).map_err(|error| format!("{key} cannot be recorded, so it is not made: {error}"))?;
        made.keys.insert(key);
        Ok(())
    }
}

impl Made {
    /// Whether the run made it, or the namespace that it stands in.
    fn has(&self, key: &Key) -> bool {
        let place = key.namespace.as_deref().map(Key::namespace);
        self.keys.contains(key) || place.is_some_and(|place| self.keys.contains(&place))
    }
}

fn is_apply(request: &Request<Body>) -> bool {
    let content = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content.is_some_and(|content| content.starts_with(APPLY))
}

/// The name in an object that is posted. Bodies of clients in this process are at hand as a whole.
fn named_in(body: &Body) -> Option<String> {
    let bytes = body.try_clone()?.collect_bytes().now_or_never()?.ok()?;
    let object: Value = serde_json::from_slice(&bytes).ok()?;
    object["metadata"]["name"].as_str().map(str::to_owned)
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            guard: self.clone(),
            inner,
        }
    }
}

/// A client's requests, each judged before it is sent.
pub(super) struct Guarded<S> {
    guard: Guard,
    inner: S,
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Box<DynBody>>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.guard.judge(&request) {
            Ok(()) => self.inner.call(request).boxed(),
            Err(why) => ready(Ok(refusal(&why))).boxed(),
        }
    }
}

/// A refusal, as an API server would put it.
fn refusal(why: &str) -> Response<Box<DynBody>> {
    let status = json!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden", "message": why,
    });
    let body = Full::new(Bytes::from(status.to_string())).map_err(|never: Infallible| -> BoxError { match never {} });
    let mut response = Response::new(Box::new(body) as Box<DynBody>);
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    /// A guard over a cluster with namespaces `default` and `team` and a ConfigMap in each, which has made namespace `flyte` and, in
    /// `default`, the ConfigMap `ours`.
    fn guard(file: File) -> Guard {
        let map = |namespace: &str, name: &str| Key::new("configmaps", Some(namespace), name);
        let before = [
            Key::namespace("default"),
            Key::namespace("team"),
            map("default", "a"),
            map("team", "a"),
        ];
        let guard = Guard::new("test", before.into(), file);
        for (path, name) in [("/api/v1/namespaces", "flyte"), ("/api/v1/namespaces/default/configmaps", "ours")] {
            guard.judge(&request("POST", path, name)).unwrap();
        }
        guard
    }

    fn request(method: &str, path: &str, name: &str) -> Request<Body> {
        let (method, content) = match method {
            "APPLY" => ("PATCH", "application/apply-patch+yaml"),
            "PATCH" => ("PATCH", "application/merge-patch+json"),
            other => (other, "application/json"),
        };
        let body = match name {
            "" => json!({"metadata": {"generateName": "x-"}}),
            name => json!({"metadata": {"name": name}}),
        };
        let builder = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, content);
        builder.body(Body::from(body.to_string().into_bytes())).unwrap()
    }

    #[rstest]
    #[case("GET", "/api/v1/namespaces/team/configmaps/a", None)]
    #[case("POST", "/api/v1/namespaces/team/configmaps", None)]
    #[case("APPLY", "/api/v1/namespaces/team/configmaps/new", None)]
    #[case(
        "APPLY",
        "/api/v1/namespaces/team/configmaps/a",
        Some("configmaps team/a was there before the run")
    )]
    #[case("PATCH", "/api/v1/namespaces/team/configmaps/a", Some("was there before"))]
    #[case("PATCH", "/api/v1/namespaces/team/configmaps/b", Some("was not made by this run"))]
    #[case("DELETE", "/api/v1/namespaces/team/configmaps/a", Some("was there before"))]
    #[case("DELETE", "/api/v1/namespaces/team/configmaps/b", Some("was not made by this run"))]
    #[case("DELETE", "/api/v1/namespaces/team/configmaps", Some("all configmaps at once"))]
    #[case("DELETE", "/api/v1/namespaces/team", Some("namespaces team was there before"))]
    #[case("PUT", "/apis/apps/v1/namespaces/team/deployments/a/scale", Some("was not made by this run"))]
    #[case("PATCH", "/api/v1/namespaces/default/configmaps/ours", None)]
    #[case("DELETE", "/api/v1/namespaces/flyte", None)]
    #[case("DELETE", "/api/v1/namespaces/flyte/pods/x", None)]
    #[case("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", None)]
    #[case("DELETE", "/api/v1/namespaces/team/configmaps/a?dryRun=All", None)]
    fn judgements(#[case] method: &str, #[case] path: &str, #[case] refused: Option<&str>) {
        let guard = guard(tempfile::tempfile().unwrap());
        let judged = guard.judge(&request(method, path, "new"));
        match refused {
            None => assert_eq!(judged, Ok(())),
            Some(text) => assert!(judged.as_ref().is_err_and(|why| why.contains(text)), "{judged:?}"),
        }
    }

    #[test]
    fn what_has_no_name_yet_is_made_only_in_namespaces_of_the_run() {
        let guard = guard(tempfile::tempfile().unwrap());
        let judged = guard.judge(&request("POST", "/api/v1/namespaces/team/pods", ""));
        assert!(judged.unwrap_err().contains("without a name"));
    }

    #[test]
    fn what_is_made_is_written_first_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made");
        let guard = guard(File::create(&path).unwrap());
        for _ in 0..2 {
            guard
                .judge(&request("APPLY", "/api/v1/namespaces/team/configmaps/new", "new"))
                .unwrap();
        }
        // Its namespace is recorded, and goes with all that is in it.
        guard
            .judge(&request("POST", "/api/v1/namespaces/flyte/configmaps", "inside"))
            .unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let made: Vec<String> = text
            .lines()
            .map(|line| serde_json::from_str::<Key>(line).unwrap().to_string())
            .collect();
        assert_eq!(made, ["namespaces flyte", "configmaps default/ours", "configmaps team/new"]);
    }
}
