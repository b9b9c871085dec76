//! EKS's webhook `pod-identity-webhook`, for embedded clusters with an issuer of their own.

use std::convert::Infallible;
use std::sync::Arc;

use aws::pod_identity;
use bytes::Bytes;
use data_encoding::BASE64;
use futures::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::{Value, json};
use simnet::Network;
use simnet::tls::{Authority, server_config};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

use super::member::{Fault, HTTPS};
use super::names;

const NAME: &str = "pod-identity-webhook";
/// Largest review, in bytes.
const REVIEW_MAX: usize = 8 << 20;

/// The webhook, until this is dropped.
pub(super) struct PodIdentity {
    _accept: AbortOnDropHandle<()>,
}

impl PodIdentity {
    /// Serves the webhook in the cluster's zone, and has the cluster ask it about pods.
    pub(super) async fn start(network: &Network, id: &str, issuer: &str, authority: &Authority, client: Client) -> Result<Self, Fault> {
        let name = format!("{NAME}.{}", names::api(id));
        let pair = authority.issue_server(std::slice::from_ref(&name))?;
        let tls = TlsAcceptor::from(server_config(&pair, None, &["http/1.1"], network.clock())?);
        let mut listener = network.host(id, NAME).listen(HTTPS).await?;
        network.name(&name, id, NAME);
        let configurations: Api<MutatingWebhookConfiguration> = Api::all(client.clone());
        let configuration = serde_json::from_value(configuration(&name, authority.pem()))?;
        configurations.create(&PostParams::default(), &configuration).await?;
        let webhook = Arc::new(Webhook {
            client,
            region: region(issuer).map(str::to_owned),
        });
        let accept = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, webhook) = (tls.clone(), webhook.clone());
                connections.spawn(async move {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let service = service_fn(|request| webhook.answer(request).map(Ok::<_, Infallible>));
                    // An API server that goes away in the middle is no event for a webhook.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            _accept: AbortOnDropHandle::new(accept),
        })
    }
}

/// As EKS has it, but for the address.
fn configuration(name: &str, authority: &str) -> Value {
    let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*"});
    let skipped = json!({"key": "eks.amazonaws.com/skip-pod-identity-webhook", "operator": "DoesNotExist"});
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration", "metadata": {"name": NAME},
        "webhooks": [{
            "name": "iam-for-pods.amazonaws.com", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore", "sideEffects": "None",
            "reinvocationPolicy": "IfNeeded", "rules": [rule], "objectSelector": {"matchExpressions": [skipped]},
            "clientConfig": {"url": format!("https://{name}/mutate"), "caBundle": BASE64.encode(authority.as_bytes())},
        }],
    })
}

/// The region that an issuer of EKS names: `oidc.eks.REGION.amazonaws.com`.
fn region(issuer: &str) -> Option<&str> {
    issuer.strip_prefix("https://oidc.eks.")?.split('.').next()
}

struct Webhook {
    client: Client,
    region: Option<String>,
}

impl Webhook {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let mut response = Response::default();
        match self.review(request).await {
            Ok(review) => *response.body_mut() = Full::from(review.to_string()),
            Err(why) => {
                *response.status_mut() = StatusCode::BAD_REQUEST;
                *response.body_mut() = Full::from(why);
            }
        }
        response
    }

    async fn review(&self, request: Request<Incoming>) -> Result<Value, String> {
        let body = Limited::new(request.into_body(), REVIEW_MAX).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        let review: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        let asked = &review["request"];
        let pod = &asked["object"];
        let name = pod["spec"]["serviceAccountName"].as_str().unwrap_or("default");
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client.clone(), asked["namespace"].as_str().unwrap_or_default());
        let account = accounts.get_opt(name).await.map_err(|error| error.to_string())?;
        let annotations = account.and_then(|account| account.metadata.annotations).unwrap_or_default();
        let changes = pod_identity::patch(pod, &json!(annotations), self.region.as_deref());
        let mut response = json!({"uid": asked["uid"], "allowed": true});
        if !changes.is_empty() {
            response["patchType"] = "JSONPatch".into();
            response["patch"] = BASE64.encode(Value::Array(changes).to_string().as_bytes()).into();
        }
        Ok(json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}))
    }
}
