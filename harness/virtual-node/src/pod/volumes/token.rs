//! Service-account tokens for a pod, renewed before they expire.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{ServiceAccount, ServiceAccountTokenProjection};
use kube::Api;
use kube::api::PostParams;

use super::super::context::PodContext;

/// A token, and when to ask for the next one.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) value: String,
    pub(crate) renew: Timestamp,
}

/// Asks for a token that is bound to the pod. It is to be renewed after 80 % of its life.
pub(crate) async fn request(ctx: &PodContext, projection: &ServiceAccountTokenProjection) -> Result<Token, String> {
    let accounts: Api<ServiceAccount> = Api::namespaced(ctx.node.client.clone(), &ctx.namespace);
    let account = ctx.spec().service_account_name.clone().unwrap_or_else(|| "default".to_owned());
    let audience = projection.audience.clone().filter(|audience| !audience.is_empty());
    let request = TokenRequest {
        spec: Some(TokenRequestSpec {
            audiences: audience.map(|audience| vec![audience]),
            expiration_seconds: projection.expiration_seconds,
            bound_object_ref: Some(BoundObjectReference {
                api_version: Some("v1".to_owned()),
                kind: Some("Pod".to_owned()),
                name: Some(ctx.name.clone()),
                uid: Some(ctx.uid.clone()),
            }),
        }),
        ..TokenRequest::default()
    };
    let asked = ctx.node.clock.now();
    let answer = accounts.create_token_request(&account, &PostParams::default(), &request).await;
    let status = answer
        .map_err(|error| format!("failed to fetch token: {error}"))?
        .status
        .unwrap_or_default();
    let (Some(value), Some(expires)) = (status.token, status.expiration_timestamp) else {
        return Err("failed to fetch token: the answer holds none".to_owned());
    };
    let life = Duration::try_from(expires.0.duration_since(asked)).unwrap_or_default();
    let renew = asked.checked_add(life.mul_f64(0.8)).unwrap_or(asked);
    Ok(Token { value, renew })
}
