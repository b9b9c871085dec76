//! What a body runs in: a cluster of either kind, and a namespace of its own.

use std::sync::Arc;

use embedded_cluster::EmbeddedCluster;
use http::{HeaderValue, header};
use serde_json::json;
use tower::ServiceExt;

use crate::real::Real;
use crate::session::{Session, Who};

/// A cluster, and a namespace of its own.
pub(crate) struct World {
    cluster: Cluster,
    /// The administrator.
    pub(crate) api: Session,
    pub(crate) namespace: String,
}

enum Cluster {
    Embedded(Box<EmbeddedCluster>),
    Real(Arc<Real>),
}

impl World {
    pub(crate) async fn embedded() -> Self {
        let cluster = EmbeddedCluster::builder("test").seed(1).start().await.unwrap();
        Self::new(Cluster::Embedded(Box::new(cluster)), true).await
    }

    pub(crate) async fn real(real: Arc<Real>) -> Self {
        let controllers = real.has_controllers();
        Self::new(Cluster::Real(real), controllers).await
    }

    async fn new(cluster: Cluster, controllers: bool) -> Self {
        let api = cluster.session(&Who::Admin);
        let made = api.post("/api/v1/namespaces", json!({"metadata": {"generateName": "conformance-"}}));
        let namespace = made.await.ok()["metadata"]["name"].as_str().unwrap().to_owned();
        let world = Self { cluster, api, namespace };
        if controllers {
            let accounts = world.path("serviceaccounts");
            world.api.until(&accounts, "default", |account| account.is_some()).await;
        }
        world
    }

    /// A session of somebody else.
    pub(crate) fn session(&self, who: &Who) -> Session {
        self.cluster.session(who)
    }

    /// A collection of the namespace, of the core group.
    pub(crate) fn path(&self, plural: &str) -> String {
        format!("/api/v1/namespaces/{}/{plural}", self.namespace)
    }

    /// A collection of the namespace, of a group and version.
    pub(crate) fn path_in(&self, group: &str, plural: &str) -> String {
        format!("/apis/{group}/namespaces/{}/{plural}", self.namespace)
    }
}

impl Cluster {
    fn session(&self, who: &Who) -> Session {
        let cluster = match self {
            Self::Real(real) => return real.session(who),
            Self::Embedded(cluster) => cluster,
        };
        Session::new(match who {
            Who::Admin => cluster.client(),
            Who::User(name) => cluster.client_for(name, &[]),
            Who::Nobody => kube::Client::new(cluster.service(), "default"),
            Who::Token(token) => {
                let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
                let service = cluster
                    .service()
                    .map_request(move |mut request: http::Request<kube::client::Body>| {
                        request.headers_mut().insert(header::AUTHORIZATION, value.clone());
                        request
                    });
                kube::Client::new(service, "default")
            }
        })
    }
}
