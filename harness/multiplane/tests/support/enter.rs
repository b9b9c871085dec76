//! Reaching into a pod as kubectl does: a command over a WebSocket, and a port over SPDY.

use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{AttachParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::{await_condition, conditions::is_pod_running};
use kube::{Api, Client, Config};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio_util::task::AbortOnDropHandle;

/// What a command in a new pod writes, and what the pod's web server answers.
pub(crate) async fn through(kubeconfig: &str) -> (String, String) {
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    let client = Client::try_from(config).unwrap();
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let container = json!({"name": "web", "image": "flyteconsole", "ports": [{"containerPort": 8080}]});
    let pod = json!({"metadata": {"name": "entered"}, "spec": {"containers": [container]}});
    let pod = serde_json::from_value(pod).unwrap();
    pods.create(&PostParams::default(), &pod).await.unwrap();
    await_condition(pods.clone(), "entered", is_pod_running()).await.unwrap();
    let mut process = pods.exec("entered", ["echo", "hello"], &AttachParams::default()).await.unwrap();
    let mut written = String::new();
    process.stdout().unwrap().read_to_string(&mut written).await.unwrap();
    (written, page(&client).await)
}

/// The first page of the pod's web server, over SPDY.
async fn page(client: &Client) -> String {
    let request = http::Request::post("/api/v1/namespaces/default/pods/entered/portforward")
        .header("connection", "Upgrade")
        .header("upgrade", "SPDY/3.1")
        .header("x-stream-protocol-version", "portforward.k8s.io");
    let mut response = client.send(request.body(kube::client::Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 101);
    let (read, write) = tokio::io::split(TokioIo::new(hyper::upgrade::on(&mut response).await.unwrap()));
    let (connection, streams) = spdy::client(read, write);
    let _run = AbortOnDropHandle::new(tokio::spawn(async move { drop(connection.run().await) }));
    let half = async |kind| {
        let headers = [("streamType", kind), ("port", "8080"), ("requestID", "1")];
        streams.open(headers.into_iter().collect()).await.unwrap()
    };
    let (_error, mut data) = (half("error").await, half("data").await);
    let asked = "GET /console HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n";
    data.writer.write(asked.into()).await.unwrap();
    let mut answer = Vec::new();
    while let Some(piece) = data.reader.next().await {
        answer.extend_from_slice(&piece);
    }
    String::from_utf8(answer).unwrap()
}
