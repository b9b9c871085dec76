//! `multiplane node` as a container runs it, on loopback: a cluster with real sockets.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use multiplane::node::{Kept, Ports, Settings, serve};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// A machine that is busy with other tests may need long; what is awaited comes within a second.
const PATIENCE: Duration = Duration::from_secs(60);

fn free_ports() -> Ports {
    let bind = || TcpListener::bind((HERE, 0)).unwrap();
    let (api, ingress, services) = (bind(), bind(), bind());
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    Ports {
        api: port(&api),
        ingress: port(&ingress),
        services: port(&services),
    }
}

async fn client(kubeconfig: &str) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap()
}

/// Sends a request and reads what comes first; empty if nobody answers.
async fn first_line(port: u16, request: &str) -> String {
    let Ok(mut stream) = TcpStream::connect((HERE, port)).await else {
        return String::new();
    };
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 256];
    let length = stream.read(&mut answer).await.unwrap_or(0);
    let text = String::from_utf8_lossy(&answer[..length]).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

async fn until(wanted: &str, port: u16, request: &str) {
    let seen = async {
        while first_line(port, request).await != wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.unwrap();
}

/// Waits until nobody listens any more: the tasks behind ports end soon after what they belong to.
async fn until_closed(port: u16) {
    let closed = async {
        while TcpStream::connect((HERE, port)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.unwrap();
}

/// A web server of the reference planes behind a node port, and that port.
async fn web(client: &Client) -> u16 {
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let container = json!({"name": "web", "image": "flyteconsole", "ports": [{"containerPort": 8080}]});
    let pod = json!({"metadata": {"name": "web", "labels": {"app": "web"}}, "spec": {"containers": [container]}});
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap())
        .await
        .unwrap();
    let services: Api<Service> = Api::default_namespaced(client.clone());
    let spec = json!({"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]});
    let service = serde_json::from_value(json!({"metadata": {"name": "web"}, "spec": spec})).unwrap();
    let created = services.create(&PostParams::default(), &service).await.unwrap();
    created.spec.unwrap().ports.unwrap()[0].node_port.unwrap().try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_has_real_sockets_until_it_is_told_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let ports = free_ports();
    let settings = Settings {
        id: "dataplane_1".to_owned(),
        nodes: 1,
        seed: 1,
        listen: IpAddr::V4(HERE),
        ports,
        server_names: vec!["further.example".to_owned()],
        identity: None,
        ingress: true,
        state: Kept::Objects(folder.path().join("objects")),
        host_paths: BTreeMap::new(),
        machines: None,
        kubeconfig: Some(folder.path().join("kubeconfig")),
        server: Some(format!("https://127.0.0.1:{}", ports.api)),
        ready: Some(folder.path().join("ready")),
    };
    let (stop, ready) = (CancellationToken::new(), settings.ready.clone().unwrap());
    let (sender, started) = oneshot::channel();
    let run = tokio::spawn({
        let (settings, stop) = (settings.clone(), stop.clone());
        async move { serve(&settings, &stop, |kubeconfig| sender.send(kubeconfig.to_owned()).unwrap()).await }
    });
    let kubeconfig = tokio::time::timeout(PATIENCE, started).await.unwrap().unwrap();
    assert!(ready.exists());
    assert_eq!(std::fs::read_to_string(folder.path().join("kubeconfig")).unwrap(), kubeconfig);

    let client = client(&kubeconfig).await;
    assert_eq!(client.apiserver_version().await.unwrap().minor, "36");
    let node_port = web(&client).await;
    let page = "GET /console HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n";
    until("HTTP/1.1 200 OK", node_port, page).await;
    let tunnel = "CONNECT web.default.svc.cluster.local:80 HTTP/1.1\r\n\r\n";
    assert_eq!(first_line(ports.services, tunnel).await, "HTTP/1.1 200 OK");
    let unknown = "CONNECT none.default.svc.cluster.local:80 HTTP/1.1\r\n\r\n";
    assert_eq!(first_line(ports.services, unknown).await, "HTTP/1.1 404 Not Found");
    // TLS answers in TLS only, so an alert or nothing: the port is there.
    assert!(TcpStream::connect((HERE, ports.ingress)).await.is_ok());

    stop.cancel();
    run.await.unwrap().unwrap();
    assert!(!ready.exists());
    for port in [ports.api, ports.ingress, ports.services, node_port] {
        until_closed(port).await;
    }
}
