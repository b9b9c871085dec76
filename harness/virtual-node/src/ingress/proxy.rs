//! Answering requests from outside.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::api::networking::v1::Ingress;

use super::backend::{Backends, Upstream};
use super::routes::{Backend, Port, Route, route};
use crate::api::Mirror;

/// What all connections share.
pub(super) struct Proxy {
    pub(super) ingresses: Mirror<Ingress>,
    pub(super) backends: Backends,
    /// Where Ingresses are served, as their statuses show it.
    pub(super) address: String,
}

pub(super) type Body = BoxBody<Bytes, hyper::Error>;

impl Proxy {
    /// Answers one request; `secure`: it came over TLS.
    pub(super) async fn answer(&self, mut request: Request<Incoming>, secure: bool) -> Result<Response<Body>, Infallible> {
        let (host, path) = (host(&request), request.uri().path().to_owned());
        let ingresses = self.ingresses.snapshot();
        let found = route(ingresses.values().map(AsRef::as_ref), &host, &path, secure);
        Ok(match found {
            None => text(StatusCode::NOT_FOUND, "default backend - 404"),
            Some(Route::Redirect(status)) => redirect(status, &host, &request),
            Some(Route::Service(backend)) => match self.upstream(&backend) {
                None => text(StatusCode::SERVICE_UNAVAILABLE, "503 Service Temporarily Unavailable"),
                Some(upstream) => {
                    forward_headers(&mut request, &host, secure);
                    self.pass(&upstream, request).await
                }
            },
        })
    }

    async fn pass(&self, upstream: &Upstream, request: Request<Incoming>) -> Response<Body> {
        match self.backends.send(upstream, request).await {
            Ok(response) => response.map(BodyExt::boxed),
            Err(error) => {
                tracing::debug!(service = %upstream.name, %error, "backend");
                text(StatusCode::BAD_GATEWAY, "502 Bad Gateway")
            }
        }
    }

    /// The Service's port, if it is there and has endpoints.
    fn upstream(&self, backend: &Backend) -> Option<Upstream> {
        let service = self.backends.services.service(&backend.namespace, &backend.service)?;
        let port = service_port(&service, &backend.port)?;
        let number = u16::try_from(port.port).ok()?;
        let external = service
            .spec
            .as_ref()
            .is_some_and(|spec| spec.type_.as_deref() == Some("ExternalName"));
        (external || self.backends.services.has_endpoints(&service, number)).then(|| Upstream {
            name: format!("{}.{}.svc.cluster.local", backend.service, backend.namespace),
            port: number,
            http2: backend.grpc || speaks_http2(port),
        })
    }
}

fn service_port<'a>(service: &'a Service, wanted: &Port) -> Option<&'a ServicePort> {
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    ports.iter().find(|port| match wanted {
        Port::Number(number) => u16::try_from(port.port) == Ok(*number),
        Port::Name(name) => port.name.as_ref() == Some(name),
    })
}

/// Whether the Service itself says that its port speaks HTTP/2 without TLS.
fn speaks_http2(port: &ServicePort) -> bool {
    let by_protocol = matches!(port.app_protocol.as_deref(), Some("grpc" | "kubernetes.io/h2c"));
    by_protocol || port.name.as_deref().is_some_and(|name| name == "grpc" || name.starts_with("grpc-"))
}

/// The host a request is for, without its port.
fn host(request: &Request<Incoming>) -> String {
    let by_header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.host())
        .or(by_header)
        .unwrap_or_default();
    host.split_once(':').map_or(host, |(host, _)| host).to_owned()
}

fn forward_headers(request: &mut Request<Incoming>, host: &str, secure: bool) {
    let protocol = HeaderValue::from_static(if secure { "https" } else { "http" });
    let headers = request.headers_mut();
    headers.insert("x-forwarded-proto", protocol);
    if let Ok(host) = HeaderValue::from_str(host) {
        headers.insert("x-forwarded-host", host);
    }
}

fn redirect(status: u16, host: &str, request: &Request<Incoming>) -> Response<Body> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut response = text(StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND), "");
    if let Ok(location) = HeaderValue::from_str(&format!("https://{host}{path}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let body = Full::new(Bytes::from_static(text.as_bytes())).map_err(|never| match never {});
    let mut response = Response::new(BodyExt::boxed(body));
    *response.status_mut() = status;
    response
}
