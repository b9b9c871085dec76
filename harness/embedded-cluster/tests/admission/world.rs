//! A cluster on a network, with a webhook.

use embedded_cluster::EmbeddedCluster;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use simnet::{Clock, Network};
use tower::ServiceExt;

use crate::hooks::Hooks;

/// The API server's machine, on which the webhook listens too.
const MACHINE: &str = "127.0.0.1";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

pub(crate) struct World {
    cluster: EmbeddedCluster,
    pub(crate) network: Network,
    pub(crate) hooks: Hooks,
}

impl World {
    pub(crate) async fn new() -> Self {
        let network = Network::simulated(Clock::simulated());
        let host = network.host("zone", MACHINE);
        let hooks = Hooks::start(&host, network.clock()).await;
        let builder = EmbeddedCluster::builder("test").seed(1).clock(network.clock().clone());
        let cluster = builder.host(host).start().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        Self { cluster, network, hooks }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Value) -> Answer {
        let content_type = match method {
            "PATCH" => "application/merge-patch+json",
            _ => "application/json",
        };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::ACCEPT, "application/json")
            .body(Full::<bytes::Bytes>::from(body))
            .unwrap();
        let Ok(response) = self.cluster.admin_service().oneshot(request).await;
        let warnings = response.headers().get_all(header::WARNING).iter();
        let warnings = warnings.map(|w| w.to_str().unwrap().trim_start_matches("299 - ").trim_matches('"').to_owned());
        let (code, warnings) = (response.status().as_u16(), warnings.collect());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Answer {
            code,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            warnings,
        }
    }

    /// Creates something that must be accepted.
    pub(crate) async fn made(&self, path: &str, body: Value) -> Value {
        let answer = self.send("POST", path, body).await;
        assert_eq!(answer.code, 201, "{path}: {}", answer.message());
        answer.body
    }

    pub(crate) async fn map(&self, name: &str, data: Value) -> Answer {
        self.send("POST", MAPS, json!({"metadata": {"name": name}, "data": data})).await
    }

    pub(crate) async fn patch(&self, name: &str, patch: Value) -> Answer {
        self.send("PATCH", &format!("{MAPS}/{name}"), patch).await
    }

    /// Configures a webhook that answers as `rule` says; `more` goes over the usual settings.
    pub(crate) async fn hook(&self, kind: &str, name: &str, rule: Value, more: Value) {
        self.hooks.rule(name, json!({"hook": rule}));
        let [(_, url), (_, ca)] = self.hooks.variables(name);
        let mut hook = json!({
            "name": format!("{name}.example.com"), "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "clientConfig": {"url": format!("{url}/hook"), "caBundle": ca},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE", "UPDATE"]}],
        });
        for (field, value) in more.as_object().unwrap() {
            hook[field] = value.clone();
        }
        let path = format!("/apis/admissionregistration.k8s.io/v1/{kind}webhookconfigurations");
        self.made(&path, json!({"metadata": {"name": name}, "webhooks": [hook]})).await;
    }

    /// Configures a policy for ConfigMaps with one binding.
    pub(crate) async fn policy(&self, kind: &str, spec: Value, binding: Value) -> Answer {
        let rules = json!([{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE", "UPDATE"]}]);
        let mut spec = spec;
        spec["matchConstraints"] = json!({"resourceRules": rules});
        let path = format!("/apis/admissionregistration.k8s.io/v1/{kind}admissionpolic");
        let answer = self
            .send("POST", &format!("{path}ies"), json!({"metadata": {"name": "p"}, "spec": spec}))
            .await;
        let mut binding = binding;
        binding["policyName"] = "p".into();
        self.made(&format!("{path}ybindings"), json!({"metadata": {"name": "b"}, "spec": binding}))
            .await;
        answer
    }
}
