//! A cluster that takes raw requests.

use bytes::Bytes;
use embedded_cluster::EmbeddedCluster;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
    pub(crate) warnings: usize,
}

impl Answer {
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// A cluster and its administrator.
pub(crate) struct World(EmbeddedCluster);

impl World {
    pub(crate) async fn new() -> Self {
        let world = Self(EmbeddedCluster::builder("test").seed(1).start().await.unwrap());
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        world
    }

    pub(crate) async fn send(&self, method: &str, path: &str, content_type: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::ACCEPT, "application/json")
            .body(Full::new(body.into()))
            .unwrap();
        let Ok(response) = self.0.admin_service().oneshot(request).await;
        let code = response.status().as_u16();
        let warnings = response.headers().get_all(header::WARNING).iter().count();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into());
        Answer { code, body, warnings }
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "application/json", body.to_string()).await
    }

    /// Creates a ConfigMap.
    pub(crate) async fn map(&self, name: &str, data: Value) {
        let made = self.post(MAPS, &json!({"metadata": {"name": name}, "data": data})).await;
        assert_eq!(made.code, 201, "{}", made.message());
    }
}
