//! A world of embedded clusters, and what secrets come to be in it.

use std::sync::Arc;

use embedded_cluster::{Disturbance, Disturbed, Disturbing};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::Secret;
use kube::config::Kubeconfig;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, ResourceExt};
use multiplane::backend::{
    BackendError, Capabilities, Cluster, ClusterSpec, Embedded, End, Ended, LosableNodes, RotatableAuthority, Vantage, World,
};
use simnet::{Clock, Host, Network};
use tokio_util::task::AbortOnDropHandle;
use virtual_node::{CrashPoints, Pause};

use super::created::Created;

/// The world. It is the embedded one in all that it does.
pub(crate) struct Watched {
    inner: Embedded,
    created: Created,
}

impl Watched {
    pub(crate) fn new(inner: Embedded, created: &Created) -> Self {
        Self {
            inner,
            created: created.clone(),
        }
    }

    /// What the account's sessions have, at the end.
    pub(crate) fn look_at_account(&self) {
        for session in self.inner.account().into_iter().flat_map(aws::Account::sessions) {
            self.created.add(&session.arn, "secret", session.credentials.secret.as_bytes());
            self.created.add(&session.arn, "token", session.credentials.token.as_bytes());
        }
    }
}

impl World for Watched {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    fn clock(&self) -> &Clock {
        self.inner.clock()
    }
    fn operator(&self) -> Host {
        self.inner.operator()
    }
    fn trust(&self) -> &str {
        self.inner.trust()
    }
    fn links(&self) -> Option<&Network> {
        self.inner.links()
    }
    fn account(&self) -> Option<&aws::Account> {
        self.inner.account()
    }
    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        async move {
            let inner = self.inner.create(spec).await?;
            let watch = tokio::spawn(watch(inner.client(), spec.id.clone(), self.created.clone()));
            Ok(Arc::new(WatchedCluster {
                inner,
                created: self.created.clone(),
                _watch: AbortOnDropHandle::new(watch),
            }) as Arc<dyn Cluster>)
        }
        .boxed()
    }
    fn end(&self, end: End) -> BoxFuture<'_, Ended> {
        self.inner.end(end)
    }
}

/// Every value of every Secret that there ever is.
async fn watch(client: Client, cluster: String, created: Created) {
    // With pauses: of a cluster that has ended, one error follows the other, and nothing could end this task.
    let events = watcher(Api::<Secret>::all(client), watcher::Config::default());
    let mut events = events.backoff(Pause::default()).boxed();
    while let Some(event) = events.next().await {
        if let Ok(Event::Apply(secret) | Event::InitApply(secret) | Event::Delete(secret)) = event {
            let at = format!("{cluster} {}/{}", secret.namespace().unwrap(), secret.name_any());
            for (key, value) in secret.data.unwrap_or_default() {
                created.add(&at, &key, &value.0);
            }
        }
    }
}

struct WatchedCluster {
    inner: Arc<dyn Cluster>,
    created: Created,
    _watch: AbortOnDropHandle<()>,
}

impl Cluster for WatchedCluster {
    fn kubeconfig(&self) -> Result<Kubeconfig, BackendError> {
        let kubeconfig = self.inner.kubeconfig()?;
        let tree = serde_json::to_value(&kubeconfig).unwrap();
        let key = tree["users"][0]["user"]["client-key-data"].as_str().unwrap();
        let key = data_encoding::BASE64.decode(key.as_bytes()).unwrap();
        self.created.add(&format!("{} kubeconfig", self.id()), "client-key-data", &key);
        Ok(kubeconfig)
    }
    fn id(&self) -> &str {
        self.inner.id()
    }
    fn client(&self) -> Client {
        self.inner.client()
    }
    fn api(&self, from: Vantage) -> String {
        self.inner.api(from)
    }
    fn ingress(&self, from: Vantage) -> String {
        self.inner.ingress(from)
    }
    fn service(&self, namespace: &str, name: &str, port: u16, from: Vantage) -> String {
        self.inner.service(namespace, name, port, from)
    }
    fn ca(&self) -> &str {
        self.inner.ca()
    }
    fn disturb(&self, which: Disturbed, how: Disturbance) -> Option<Disturbing> {
        self.inner.disturb(which, how)
    }
    fn crash_points(&self) -> Option<&CrashPoints> {
        self.inner.crash_points()
    }
    fn authority(&self) -> Option<&dyn RotatableAuthority> {
        self.inner.authority()
    }
    fn clock(&self) -> Option<&Clock> {
        self.inner.clock()
    }
    fn machines(&self) -> Option<&dyn LosableNodes> {
        self.inner.machines()
    }
}
