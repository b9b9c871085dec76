//! `root-ca-cert-publisher`: the ConfigMap `kube-root-ca.crt` of each namespace, with which pods
//! verify the API server.

use std::sync::Arc;

use crate::value::json;
use futures::future::BoxFuture;

use super::fields::Fields;
use super::resources::{CONFIG_MAPS, NAMESPACES};
use super::runtime::{Change, Context, Controller, Key, Outcome};

const NAME: &str = "kube-root-ca.crt";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal \
     service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

/// Keys are namespaces.
pub(crate) struct RootCa {
    /// What the controller works with.
    pub(crate) context: Context,
    /// The cluster's CA certificate, PEM.
    pub(crate) ca: Arc<str>,
}

impl Controller for RootCa {
    fn keys(&self, change: &Change) -> Vec<Key> {
        let ours = change.is(&CONFIG_MAPS) && change.object.name() == NAME;
        match change.object.namespace() {
            Some(namespace) if ours => vec![Key::new("", namespace)],
            None if change.is(&NAMESPACES) && !change.gone => vec![change.key()],
            _ => vec![],
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Context { client, cache, .. } = &self.context;
            if cache
                .get(&NAMESPACES, key)
                .is_none_or(|n| n.str_at("/status/phase") == "Terminating")
            {
                return Ok(None);
            }
            let data = json!({"ca.crt": &*self.ca});
            let published = cache.get(&CONFIG_MAPS, &Key::new(&key.name, NAME));
            let annotation = "kubernetes.io/description";
            match published {
                None => {
                    let map = json!({
                        "apiVersion": "v1", "kind": "ConfigMap",
                        "metadata": {"name": NAME, "namespace": key.name, "annotations": {annotation: DESCRIPTION}},
                        "data": data,
                    });
                    match client.create(&CONFIG_MAPS, Some(&key.name), map).await {
                        Err(error) if !error.is_already_exists() => return Err(error),
                        _ => {}
                    }
                }
                Some(map) if *map.at("/data") != data || map.annotation(annotation) != Some(DESCRIPTION) => {
                    let mut map = map.value().clone();
                    map["data"] = data;
                    map["metadata"]["annotations"][annotation] = DESCRIPTION.into();
                    client.update(&CONFIG_MAPS, map).await?;
                }
                Some(_) => {}
            }
            Ok(None)
        })
    }
}
