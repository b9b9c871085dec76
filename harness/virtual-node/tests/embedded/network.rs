//! Names of Services, and the way in from outside.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::json;
use simnet::http::Connector;
use simnet::tls::{Authority, client_config, server_config};
use virtual_node::IngressController;

use crate::app::{app, health, program, web};
use crate::world::{World, ZONE};

/// Two web pods behind a Service, with endpoints for both.
async fn web_service(world: &World) {
    world
        .create::<ConfigMap>(json!({"metadata": {"name": "cm"}, "data": {"health": "good"}}))
        .await;
    let ports = json!([{"name": "http", "port": 80, "targetPort": 8080}]);
    world
        .create::<Service>(json!({"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}))
        .await;
    for name in ["web-0", "web-1"] {
        world.create::<Pod>(app(name, json!({}))).await;
        world.ready(name).await;
    }
    let slices: Api<EndpointSlice> = world.api();
    for _ in 0..100 {
        let endpoints: usize = slices
            .list(&Default::default())
            .await
            .unwrap()
            .items
            .iter()
            .map(|slice| slice.endpoints.iter().flatten().count())
            .sum();
        if endpoints == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // One turn of the proxy's watch.
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test(start_paused = true)]
async fn service_names_lead_to_ready_pods_in_turn() {
    let world = World::start(program(web)).await;
    web_service(&world).await;
    let pod = world.network.host(ZONE, "10.244.0.200").with_search(vec![
        "default.svc.cluster.local".to_owned(),
        "svc.cluster.local".to_owned(),
        "cluster.local".to_owned(),
    ]);
    let cluster_ip = world.api::<Service>().get("web").await.unwrap().spec.unwrap().cluster_ip.unwrap();
    let mut answers = Vec::new();
    for name in [
        "web",
        "web.default",
        "web.default.svc",
        "web.default.svc.cluster.local",
        &cluster_ip,
    ] {
        // A client for each request: the proxy chooses anew for every connection.
        let client: HttpClient<_, Empty<Bytes>> = HttpClient::builder(TokioExecutor::new()).build(Connector::new(pod.clone(), None));
        let response = client.get(format!("http://{name}/x").parse().unwrap()).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        answers.push(String::from_utf8(body.to_vec()).unwrap());
    }
    assert_eq!(answers, ["web-0 /x", "web-1 /x", "web-0 /x", "web-1 /x", "web-0 /x"]);
    assert_eq!(
        pod.connect("web", 81).await.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
    assert_eq!(pod.connect("nothing", 80).await.unwrap_err().kind(), std::io::ErrorKind::NotFound);
    for name in ["web-0", "web-1"] {
        world.api::<Pod>().delete(name, &DeleteParams::default()).await.unwrap();
        world.until_gone(name).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        pod.connect("web", 80).await.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
}

/// An ingress controller for `flyte.test`.
async fn ingress(world: &World) -> (Authority, IngressController) {
    let authority = Authority::new("world", &world.clock).unwrap();
    let pair = authority.issue_server(&["flyte.test"]).unwrap();
    let tls = server_config(&pair, None, &["h2", "http/1.1"], &world.clock).unwrap();
    world.network.name("flyte.test", ZONE, "172.18.0.100");
    let controller = IngressController::start(world.client.clone(), &world.network, ZONE, "172.18.0.100", &world.services, tls);
    (authority, controller.await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn an_ingress_leads_in_over_tls() {
    let world = World::start(program(web)).await;
    web_service(&world).await;
    let (authority, _ingress) = ingress(&world).await;
    let path = |path: &str, service: &str| json!({"path": path, "pathType": "ImplementationSpecific", "backend": {"service": {"name": service, "port": {"number": 80}}}});
    let http = json!({"paths": [path("/api/*", "web"), path("/gone/*", "gone")]});
    world
        .create::<Ingress>(json!({"metadata": {"name": "i"}, "spec": {"rules": [{"http": http}]}}))
        .await;
    let ingress = world
        .until("i", |ingress: &Ingress| {
            ingress.status.as_ref().is_some_and(|status| status.load_balancer.is_some())
        })
        .await;
    let point = ingress.status.unwrap().load_balancer.unwrap().ingress.unwrap().remove(0);
    assert_eq!(point.ip.as_deref(), Some("172.18.0.100"));
    let outside = world.network.host("elsewhere", "workstation");
    for protocols in [&["http/1.1"][..], &["h2"][..]] {
        let tls = client_config(authority.pem(), None, protocols, &world.clock).unwrap();
        let client: HttpClient<_, Empty<Bytes>> = HttpClient::builder(TokioExecutor::new())
            .http2_only(protocols == ["h2"])
            .build(Connector::new(outside.clone(), Some(tls)));
        for (path, status) in [("/api/v1", 200), ("/gone/x", 503), ("/other", 404)] {
            let response = client.get(format!("https://flyte.test{path}").parse().unwrap()).await.unwrap();
            assert_eq!(response.status(), status, "{path} {protocols:?}");
            if status == 200 {
                let body = response.into_body().collect().await.unwrap().to_bytes();
                assert!(body.ends_with(b" /api/v1"), "{body:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn grpc_keeps_its_trailers_and_shares_connections_on_the_way_in() {
    let world = World::start(program(health)).await;
    let probe = json!({"container": {"readinessProbe": {"grpc": {"port": 8089, "service": "admin"}}}});
    let ports = json!([{"name": "rpc", "port": 81, "targetPort": 8089}]);
    world
        .create::<Service>(json!({"metadata": {"name": "rpc"}, "spec": {"selector": {"app": "web"}, "ports": ports}}))
        .await;
    world.create::<Pod>(app("p", probe.clone())).await;
    world.ready("p").await;
    let (authority, _ingress) = ingress(&world).await;
    let path = json!({"path": "/grpc.health.v1.Health/*", "pathType": "ImplementationSpecific",
        "backend": {"service": {"name": "rpc", "port": {"name": "rpc"}}}});
    let annotations = json!({"nginx.ingress.kubernetes.io/backend-protocol": "GRPC"});
    let spec = json!({"rules": [{"http": {"paths": [path]}}]});
    world
        .create::<Ingress>(json!({"metadata": {"name": "i", "annotations": annotations}, "spec": spec}))
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let tls = client_config(authority.pem(), None, &["h2"], &world.clock).unwrap();
    let outside = world.network.host("elsewhere", "workstation");
    let client: HttpClient<_, Full<Bytes>> = HttpClient::builder(TokioExecutor::new())
        .http2_only(true)
        .build(Connector::new(outside, Some(tls)));
    let ask = async || {
        let request = http::Request::post("https://flyte.test/grpc.health.v1.Health/Check")
            .header("te", "trailers")
            .body(Full::new(Bytes::from_static(&[
                0, 0, 0, 0, 7, 0x0a, 5, b'a', b'd', b'm', b'i', b'n',
            ])));
        let response = client.request(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), 200);
        let connection = response.headers()["x-connection"].to_str().unwrap().to_owned();
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(body.to_bytes(), Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1]));
        connection
    };
    // The probe has come before; requests share one connection to a pod, and follow when another pod takes its place.
    let first = ask().await;
    assert!(first.starts_with("p "), "{first}");
    assert_eq!(ask().await, first);
    world
        .api::<Pod>()
        .delete("p", &DeleteParams::default().grace_period(0))
        .await
        .unwrap();
    world.create::<Pod>(app("q", probe)).await;
    world.ready("q").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let then = ask().await;
    assert!(then.starts_with("q "), "{then}");
}

/// What `kubectl get --raw /api/v1/namespaces/default/services/web/proxy/` does.
#[tokio::test(start_paused = true)]
async fn the_api_server_proxies_to_pods_services_and_nodes() {
    let world = World::start(program(web)).await;
    web_service(&world).await;
    let get = async |path: &str| {
        let request = http::Request::get(path).body(Vec::new()).unwrap();
        match world.client.request_text(request).await {
            Ok(text) => text,
            Err(kube::Error::Api(status)) => format!("{} {}", status.code, status.message),
            Err(error) => panic!("{path}: {error}"),
        }
    };
    let pods = "/api/v1/namespaces/default/pods";
    let services = "/api/v1/namespaces/default/services";
    for (path, expected) in [
        (format!("{pods}/web-1:8080/proxy/a/b%2Fc?d=e"), "web-1 /a/b%2Fc"),
        (format!("{pods}/web-0:8080/proxy/"), "web-0 /"),
        (format!("{services}/web/proxy/x"), "503 no endpoints available for service \"web\""),
        (format!("{services}/web:http/proxy/x"), "web-0 /x"),
        (format!("{services}/http:web:80/proxy/x"), "web-0 /x"),
        (
            format!("{services}/web:81/proxy/x"),
            "503 no service port 81 found for service \"web\"",
        ),
        (
            format!("{services}/https:web:80/proxy/x"),
            "503 error trying to reach service: this server does not encrypt what it proxies",
        ),
        (format!("{services}/none/proxy/x"), "404 services \"none\" not found"),
        (
            format!("{pods}/web-0:81/proxy/"),
            "503 error trying to reach service: dial tcp 10.244.0.2:81: connect: connection refused",
        ),
        ("/api/v1/nodes/none/proxy/healthz".to_owned(), "404 nodes \"none\" not found"),
    ] {
        assert_eq!(get(&path).await, expected, "{path}");
    }
}
