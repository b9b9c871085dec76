//! Ways into running containers, by kube's own client over the network.

use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::Api;
use kube::api::AttachParams;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{app, program, web};
use crate::world::World;

async fn world_with_pod() -> (World, Api<Pod>) {
    let world = World::start(program(web)).await;
    world
        .create::<ConfigMap>(json!({"metadata": {"name": "cm"}, "data": {"health": "good", "a.yaml": "a: 1\nb: 2\n"}}))
        .await;
    let container = json!({"env": [{"name": "GREETING", "value": "hello  there"}],
        "volumeMounts": [{"name": "etc", "mountPath": "/etc/app"}, {"name": "scratch", "mountPath": "/scratch"}]});
    let volumes = json!([{"name": "etc", "configMap": {"name": "cm"}}, {"name": "scratch", "emptyDir": {}}]);
    world
        .create::<Pod>(app("p", json!({"container": container, "volumes": volumes})))
        .await;
    world.ready("p").await;
    let pods = Api::default_namespaced(world.outside().await);
    (world, pods)
}

#[tokio::test(start_paused = true)]
async fn ports_are_forwarded() {
    let (_world, pods) = world_with_pod().await;
    let mut forward = pods.portforward("p", &[8080, 9]).await.unwrap();
    let refused = forward.take_error(9).unwrap();
    let mut stream = forward.take_stream(8080).unwrap();
    stream
        .write_all(b"GET /there HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("p /there"), "{answer}");
    assert!(refused.await.unwrap().contains("failed to connect to"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_entered_says_why() {
    let (world, pods) = world_with_pod().await;
    let refused = async |name: &str, container: Option<&str>| {
        let params = AttachParams {
            container: container.map(str::to_owned),
            ..AttachParams::default()
        };
        let refused = pods.exec(name, ["true"], &params).await.err();
        refused.map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused("none", None).await.contains("404"));
    assert!(refused("p", Some("other")).await.contains("400"));
    world.create::<Pod>(app("pending", json!({"nodeSelector": {"no": "where"}}))).await;
    assert!(refused("pending", None).await.contains("400"));
}
