//! The API as a tower service: one value for each connection or in-process client.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::negotiate::Form;
use super::respond::{self, ResponseBody};
use super::route::{self, Route};
use super::table::Include;
use super::{impersonate, paths, proxy};
use crate::apiserver::{self, ApiServer, BODY_LIMIT, Target, Upgrade, Verb};
use crate::auth::{Attributes, Credentials, Identity, authenticate};
use crate::kinds::BUILTIN;
use crate::status::Status;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A cluster's API for one peer. Requests are authenticated by the peer's client certificate, or
/// else by their bearer token; without either they are anonymous.
#[derive(Clone)]
pub struct ApiService {
    server: Arc<ApiServer>,
    certificate: Option<Arc<Identity>>,
}

impl std::fmt::Debug for ApiService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiService")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl ApiService {
    /// The API for a peer whose verified client certificate names `certificate`.
    pub(crate) fn new(server: Arc<ApiServer>, certificate: Option<Identity>) -> Self {
        Self {
            server,
            certificate: certificate.map(Arc::new),
        }
    }

    async fn answer<B>(self, request: Request<B>) -> Response<ResponseBody>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let head_only = request.method() == Method::HEAD;
        let result = self.try_answer(request).await;
        let response = result.unwrap_or_else(|status| respond::status(&status));
        if head_only { response.map(|_| respond::empty()) } else { response }
    }

    async fn try_answer<B>(&self, request: Request<B>) -> Result<Response<ResponseBody>, Status>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if self.server.store.is_closed() {
            return Err(Status::shutting_down());
        }
        let (mut parts, body) = request.into_parts();
        let upgrade = Upgrade::of(&mut parts);
        let credentials = Credentials {
            certificate: self.certificate.clone(),
            bearer: bearer(&parts.headers),
        };
        let identity = authenticate(&self.server, &credentials)?;
        let identity = impersonate::apply(&self.server, identity, &parts.headers)?;
        let query = parts.uri.query().unwrap_or_default();
        match route::parse(parts.uri.path()) {
            Route::Resource(target) if proxy::is_meant(&target) => {
                proxy::answer(&self.server, parts, target, (identity, upgrade), || collect(body)).await
            }
            Route::Resource(target) => {
                let request = route::request(&parts, target, identity, || collect(body)).await;
                let request = match request {
                    Ok(request) => Asked { upgrade, ..request },
                    // Who may not ask learns nothing about how the request is wrong.
                    Err(refused) => {
                        self.server
                            .authorizer
                            .check(&self.server.store, &refused.identity, &refused.attributes)?;
                        return Err(match self.server.has_path(&refused.target) {
                            true => refused.status,
                            false => Status::no_such_resource(),
                        });
                    }
                };
                let mut accept = respond::negotiate(&parts.headers, request.verb == Verb::List || request.verb == Verb::Watch)?;
                if let Form::Table(include) = &mut accept.form {
                    *include = Include::parse(request.options.parameter("includeObject").unwrap_or_default())?;
                }
                if accept.yaml && request.verb == Verb::Watch {
                    return Ok(respond::status_as(&Status::no_representation(true), true));
                }
                let kind = self.server.kinds.find(&request.target.resource);
                if kind.is_none() && !BUILTIN.has_group(request.target.resource.group()) {
                    self.server
                        .authorizer
                        .check(&self.server.store, &request.identity, &request.attributes())?;
                    return Ok(paths::not_found());
                }
                let response = self.server.handle(request).await?;
                respond::outcome(&self.server, response, kind.as_deref(), &accept)
            }
            Route::Path(path) => {
                let verb = parts.method.as_str().to_lowercase();
                self.server
                    .authorizer
                    .check(&self.server.store, &identity, &Attributes::path(&verb, &path))?;
                paths::answer(&self.server, &parts, &path, query)
            }
        }
    }
}

fn bearer(headers: &http::HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// The whole body, within the limit.
async fn collect<B>(body: B) -> Result<Bytes, Status>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Status::too_large(&format!("limit is {BODY_LIMIT}"))),
        Err(error) => Err(Status::bad_request(format!("the body could not be read: {error}"))),
    }
}

impl<B> tower::Service<Request<B>> for ApiService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

/// What a verb's request could not be made from.
pub(super) struct Refused {
    pub(super) identity: Arc<Identity>,
    pub(super) target: Target,
    pub(super) attributes: Attributes,
    pub(super) status: Status,
}

/// A request of the pipeline.
pub(super) type Asked = apiserver::Request;
