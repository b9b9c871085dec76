//! REST beside gRPC: the JSON mapping that grpc-gateway gives to services whose methods carry `google.api.http` rules.
//!
//! Nothing here knows the API: routes, paths, parameters and bodies come from the descriptors. Names are the proto's own, values that
//! are not set are shown, and errors have gRPC's code in their body, as flyteadmin configures its gateway.

mod codec;
mod json;
mod rule;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::service::Routes;
use tonic::{Code, Status};

use codec::Dynamic;
use rule::Rule;

use crate::proto_json::POOL;

/// Largest body, in bytes, as on the gRPC port.
const BODY_MAX: usize = super::admin::MESSAGE_MAX;
/// Bodies in protocol buffers' own form, which Flyte's console asks for.
const BINARY: &str = "application/octet-stream";

/// The gateway in front of gRPC services.
#[derive(Clone)]
pub(super) struct Gateway {
    rules: std::sync::Arc<[Rule]>,
    grpc: Routes,
}

/// The descriptors have a rule that this gateway does not understand.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct RuleError(String);

impl Gateway {
    /// A gateway to the services of these full names.
    pub(super) fn new(services: &[&str], grpc: Routes) -> Result<Self, RuleError> {
        let pool = POOL.as_ref().map_err(|error| RuleError(error.to_string()))?;
        let mut rules = Vec::new();
        for service in services {
            let descriptor = pool
                .get_service_by_name(service)
                .ok_or_else(|| RuleError(format!("no service {service}")))?;
            for method in descriptor.methods() {
                rules.extend(rule::of(&method)?);
            }
        }
        Ok(Self { rules: rules.into(), grpc })
    }

    /// Answers a request by the method whose rule matches.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let accepted = header(&parts.headers, "accept").or_else(|| header(&parts.headers, "content-type"));
        let as_binary = accepted == Some(BINARY);
        let mut allowed = false;
        for rule in self.rules.iter() {
            let Some(variables) = rule.matches(parts.uri.path()) else {
                continue;
            };
            allowed |= rule.method == parts.method;
            if rule.method != parts.method {
                continue;
            }
            let outcome = async {
                let body = Limited::new(body, BODY_MAX).collect().await;
                let body = body.map_err(|error| Status::invalid_argument(error.to_string()))?.to_bytes();
                let is_binary = header(&parts.headers, "content-type") == Some(BINARY);
                let mut message = read(rule, &body, is_binary)?;
                for (field, text) in variables {
                    json::set(&mut message, &field, &text)?;
                }
                if !rule.body {
                    for (field, text) in form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
                        json::set(&mut message, &field, &text)?;
                    }
                }
                self.call(&rule.rpc, message).await
            };
            return match outcome.await {
                Ok(answer) if as_binary => respond(StatusCode::OK, BINARY, answer.encode_to_vec()),
                Ok(answer) => json_response(StatusCode::OK, &json::value(&answer)),
                Err(status) => refusal(&status),
            };
        }
        let known = self.rules.iter().any(|rule| rule.matches(parts.uri.path()).is_some());
        refusal(&match known && !allowed {
            true => Status::unimplemented("Method Not Allowed"),
            false => Status::not_found("Not Found"),
        })
    }

    async fn call(&self, method: &MethodDescriptor, message: DynamicMessage) -> Result<DynamicMessage, Status> {
        let mut client = tonic::client::Grpc::new(self.grpc.clone()).max_decoding_message_size(BODY_MAX);
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = path.parse().map_err(|_| Status::internal("not a method's path"))?;
        client.ready().await.map_err(|error| Status::internal(error.to_string()))?;
        let answer = client.unary(tonic::Request::new(message), path, Dynamic::new(method.output()));
        Ok(answer.await?.into_inner())
    }
}

/// The message in a body; an empty one without a body.
fn read(rule: &Rule, body: &Bytes, binary: bool) -> Result<DynamicMessage, Status> {
    let input = rule.rpc.input();
    if !rule.body || body.is_empty() {
        return Ok(DynamicMessage::new(input));
    }
    if binary {
        return DynamicMessage::decode(input, body.clone()).map_err(|error| Status::invalid_argument(error.to_string()));
    }
    json::message(input, body)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn refusal(status: &Status) -> Response<Full<Bytes>> {
    let body = serde_json::json!({"code": status.code() as i32, "message": status.message(), "details": []});
    json_response(http_status(status.code()), &body)
}

fn json_response(status: StatusCode, body: &serde_json::Value) -> Response<Full<Bytes>> {
    respond(status, "application/json", body.to_string().into_bytes())
}

fn respond(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
    response
}

/// grpc-gateway's table.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
