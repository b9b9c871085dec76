//! A cluster in a few lines: objects in, controllers at work, a watch that tells.
//!
//! `cargo run -p embedded-cluster --example objects`

#![expect(clippy::print_stdout, reason = "an example")]

use embedded_cluster::EmbeddedCluster;
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, PostParams, ResourceExt};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = EmbeddedCluster::builder("example").start().await?;
    let client = cluster.client();

    let deployment: Deployment = serde_json::from_value(json!({
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "nginx"}]},
            },
        },
    }))?;
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    deployments.create(&PostParams::default(), &deployment).await?;

    // The deployment controller makes a replica set, that one's controller makes the pods.
    let pods: Api<Pod> = Api::default_namespaced(client);
    let mut seen = watcher(pods, watcher::Config::default().labels("app=web"))
        .applied_objects()
        .take(2)
        .boxed();
    while let Some(pod) = seen.try_next().await? {
        println!("{} belongs to {}", pod.name_any(), pod.owner_references()[0].name);
    }
    Ok(())
}

#[test]
fn runs() -> Result<(), Box<dyn std::error::Error>> {
    main()
}
