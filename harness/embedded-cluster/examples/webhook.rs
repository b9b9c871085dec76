//! An admission webhook under test, in virtual time: the API server calls it over TLS, on a network in memory.
//!
//! `cargo run -p embedded-cluster --example webhook`

#![expect(clippy::print_stdout, reason = "an example")]

use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use embedded_cluster::EmbeddedCluster;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::admissionregistration::v1::MutatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};
use simnet::tls::{self, Authority, KeyPair};
use simnet::{Clock, Listener, Network};
use tokio_rustls::TlsAcceptor;

/// The webhook: every pod gets a label, and none may be called `evil`.
fn review(request: &Value) -> Value {
    let uid = &request["uid"];
    if request["object"]["metadata"]["name"] == "evil" {
        return json!({"uid": uid, "allowed": false, "status": {"message": "no evil pods"}});
    }
    let patch = json!([{"op": "add", "path": "/metadata/labels", "value": {"seen": "yes"}}]);
    json!({"uid": uid, "allowed": true, "patchType": "JSONPatch", "patch": STANDARD.encode(patch.to_string())})
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let question: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": review(&question["request"]),
    });
    Ok(Response::new(answer.to_string().into()))
}

/// Serves the webhook to whoever connects.
async fn serve(mut listener: Listener, pair: KeyPair, clock: Clock) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let acceptor = TlsAcceptor::from(tls::server_config(&pair, None, &["http/1.1"], &clock)?);
    while let Ok((stream, _)) = listener.accept().await {
        let stream = acceptor.accept(stream).await?;
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let network = Network::simulated(Clock::simulated());
    let clock = network.clock().clone();
    // Both machines are in one zone, and the webhook's has a name.
    let cluster = EmbeddedCluster::builder("example")
        .clock(clock.clone())
        .host(network.host("test", "control-plane"))
        .start()
        .await?;
    network.name("webhook.example.com", "test", "webhook");
    let authority = Authority::new("webhook", &clock)?;
    let pair = authority.issue_server(&["webhook.example.com"])?;
    tokio::spawn(serve(network.host("test", "webhook").listen(443).await?, pair, clock));

    let configuration: MutatingWebhookConfiguration = serde_json::from_value(json!({
        "metadata": {"name": "example"},
        "webhooks": [{
            "name": "pods.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": {"url": "https://webhook.example.com/pods", "caBundle": STANDARD.encode(authority.pem())},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
        }],
    }))?;
    let configurations: Api<MutatingWebhookConfiguration> = Api::all(cluster.client());
    configurations.create(&PostParams::default(), &configuration).await?;
    // Pods need the account that a controller makes.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;

    let pods: Api<Pod> = Api::default_namespaced(cluster.client());
    let pod =
        |name: &str| serde_json::from_value(json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "i"}]}}));
    let good = pods.create(&PostParams::default(), &pod("good")?).await?;
    assert_eq!(
        good.metadata.labels.and_then(|labels| labels.get("seen").cloned()).as_deref(),
        Some("yes")
    );
    println!("good: labelled");
    match pods.create(&PostParams::default(), &pod("evil")?).await {
        Err(error) => {
            assert!(
                error
                    .to_string()
                    .contains("admission webhook \"pods.example.com\" denied the request: no evil pods")
            );
            println!("evil: {error}");
        }
        Ok(_) => return Err("the webhook was not asked".into()),
    }
    Ok(())
}

#[test]
fn runs() -> Result<(), Box<dyn std::error::Error>> {
    main()
}
