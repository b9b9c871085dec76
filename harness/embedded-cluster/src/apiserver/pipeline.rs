//! The way of a request, top to bottom. HTTP and the in-process client both end here.
//!
//! Authentication has happened where the request came in; what follows is the same for everybody:
//! authorise, find the kind, decode, default, admit, validate, store, answer.

use std::sync::Arc;

use super::outcome::{Outcome, Response};
use super::write::Write;
use super::{ApiServer, Request, Target, Verb, read, reviews, subresources};
use crate::kinds::Kind;
use crate::status::Status;

impl ApiServer {
    /// Answers one request.
    ///
    /// # Errors
    /// The `Status` that Kubernetes would answer.
    pub(crate) async fn handle(self: &Arc<Self>, request: Request) -> Result<Response, Status> {
        self.disturbances.check(&request)?;
        self.authorizer.check(&self.store, &request.identity, &request.attributes())?;
        let kind = self.served(&request)?;
        let mut warnings = deprecation(&kind);
        match self.answer(&kind, request, &mut warnings).await {
            Ok(outcome) => Ok(Response { outcome, warnings }),
            Err(status) => Err(status.with_warnings(warnings)),
        }
    }

    /// Whether anything is served where a request goes, by whatever verb.
    pub(crate) fn has_path(&self, target: &Target) -> bool {
        let kind = self.kinds.find(&target.resource);
        kind.is_some_and(|kind| match &target.namespace {
            Some(_) => kind.namespaced,
            None => !kind.namespaced || target.name.is_none(),
        })
    }

    /// The kind that the request is about, if it is served and has the verb.
    pub(super) fn served(&self, request: &Request) -> Result<Arc<Kind>, Status> {
        let target = &request.target;
        let kind = self.kinds.find(&target.resource).ok_or_else(Status::no_such_resource)?;
        let verb = request.verb.name();
        let allowed = match &target.subresource {
            Some(name) => kind
                .subresource(name)
                .ok_or_else(|| match (&kind.custom, &target.name) {
                    (Some(_), Some(object)) => Status::not_found(&kind.resource, object),
                    _ => Status::no_such_resource(),
                })?
                .verbs
                .iter()
                .any(|v| v == verb),
            None => {
                if target.name.is_some() && !kind.is_stored() {
                    return Err(Status::no_such_resource());
                }
                kind.has_verb(verb)
            }
        };
        let scoped = kind.namespaced == target.namespace.is_some();
        match (allowed, scoped, request.verb) {
            (false, ..) => Err(Status::verb_not_allowed()),
            (true, true, _) | (true, false, Verb::List | Verb::Watch) if kind.namespaced || target.namespace.is_none() => Ok(kind),
            // There is no such path.
            _ if !kind.namespaced || target.name.is_some() => Err(Status::no_such_resource()),
            _ => Err(Status::verb_not_allowed()),
        }
    }

    /// What is seldom asked for is on the heap, so that all other requests are small: each is moved there as a whole.
    async fn answer(self: &Arc<Self>, kind: &Arc<Kind>, request: Request, warnings: &mut Vec<String>) -> Result<Outcome, Status> {
        if request.target.subresource.as_deref().is_some_and(subresources::is_special) {
            return Box::pin(subresources::answer(self, kind, request, warnings)).await;
        }
        if !kind.is_stored() {
            return Box::pin(reviews::answer(self, kind, request, warnings)).await;
        }
        match request.verb {
            Verb::Get => read::get(self, kind, &request),
            Verb::List => read::list(self, kind, &request),
            Verb::Watch => read::watch(self, kind, &request),
            Verb::Create => Write::new(self, kind, &request, warnings).create().await,
            Verb::Update => Write::new(self, kind, &request, warnings).update().await,
            Verb::Patch => Write::new(self, kind, &request, warnings).patch().await,
            Verb::Delete => Write::new(self, kind, &request, warnings).delete().await,
            Verb::DeleteCollection => Write::new(self, kind, &request, warnings).delete_collection().await,
        }
    }
}

/// Warnings about deprecated kinds, on every use.
fn deprecation(kind: &Kind) -> Vec<String> {
    match (kind.resource.group(), kind.resource.plural()) {
        ("", "endpoints") => vec!["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice".into()],
        ("", "componentstatuses") => vec!["v1 ComponentStatus is deprecated in v1.19+".into()],
        _ => vec![],
    }
}
