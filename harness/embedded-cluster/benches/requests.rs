//! What requests cost: in this process, and over TLS on a loopback socket (HTTP/1.1 and HTTP/2), in requests a second.
//!
//! One client after the other, then several side by side, on as many threads as the machine has cores: clients and server share them.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

mod cpu;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use embedded_cluster::{ApiService, EmbeddedCluster};
use futures::future::join_all;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use simnet::http::Connector;
use simnet::{Clock, Host, Network};
use tower::ServiceExt;

/// How long each figure is measured.
const TIME: Duration = Duration::from_millis(700);
/// Clients side by side.
const CLIENTS: usize = 16;
/// Objects of a list.
const LISTED: usize = 100;
/// Watchers of one collection.
const WATCHERS: usize = 100;

const SERVER: &str = "https://127.0.0.1:6443";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const PODS: &str = "/api/v1/namespaces/default/pods";
const LIST: &str = "/api/v1/namespaces/kube-public/configmaps";

#[tokio::main]
async fn main() {
    let network = Network::loopback(Clock::real());
    let host = network.host("bench", "127.0.0.1");
    let cluster = EmbeddedCluster::builder("bench")
        .clock(Clock::real())
        .seed(1)
        .host(host.clone())
        .start()
        .await
        .unwrap();
    let listener = host.listen(6443).await.unwrap();
    cluster.serve(listener).unwrap();
    prepare(&cluster).await;
    println!(
        "{:<16} {:>16} {:>16} {:>16} {:>16} {:>16} {:>16}",
        "", "in process", "side by side", "HTTP/1.1", "side by side", "HTTP/2", "side by side"
    );
    for verb in [
        Verb::Get,
        Verb::List,
        Verb::Create,
        Verb::Update,
        Verb::Patch,
        Verb::Apply,
        Verb::Pod,
    ] {
        print!("{:<16}", verb.name());
        for way in [Way::InProcess, Way::Http1, Way::Http2] {
            for clients in [1, CLIENTS] {
                let clients = join_all((0..clients).map(|_| Connection::new(way, &cluster, &host))).await;
                let (rate, cost) = throughput(verb, clients).await;
                print!(" {rate:>8.0} {cost:>4.0} us");
            }
        }
        println!();
    }
    print!("{:<16}", "watch events");
    for way in [Way::InProcess, Way::Http1, Way::Http2] {
        let (rate, cost) = fan_out(way, &cluster, &host).await;
        print!(" {:>16} {rate:>8.0} {cost:>4.1} us", "");
    }
    println!(
        "\nrequests a second, and what each costs on the CPU, clients and server together; events that {WATCHERS} watchers get; lists have {LISTED} \
         objects, {CLIENTS} clients side by side"
    );
}

#[derive(Clone, Copy)]
enum Way {
    InProcess,
    Http1,
    Http2,
}

#[derive(Clone, Copy)]
enum Verb {
    Get,
    List,
    Create,
    Update,
    Patch,
    Apply,
    Pod,
}

impl Verb {
    fn name(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::List => "LIST",
            Verb::Create => "CREATE",
            Verb::Update => "UPDATE",
            Verb::Patch => "PATCH",
            Verb::Apply => "apply",
            Verb::Pod => "CREATE of a pod",
        }
    }

    /// A request; `client` and `turn` make names that nobody else has.
    fn request(self, client: u64, turn: u64) -> Request<Full<Bytes>> {
        let object = json!({"metadata": {"name": format!("update-{client}")}, "data": {"turn": turn.to_string()}});
        let (method, path, content_type, body) = match self {
            Verb::Get => ("GET", format!("{LIST}/listed-1"), "", Value::Null),
            Verb::List => ("GET", LIST.to_owned(), "", Value::Null),
            Verb::Create => {
                let body = json!({"metadata": {"name": format!("create-{client}-{turn}")}, "data": {"k": "v"}});
                ("POST", MAPS.to_owned(), "application/json", body)
            }
            Verb::Update => ("PUT", format!("{MAPS}/update-{client}"), "application/json", object),
            Verb::Patch => ("PATCH", format!("{MAPS}/update-{client}"), "application/merge-patch+json", object),
            Verb::Apply => {
                let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"turn": turn.to_string()}});
                let path = format!("{MAPS}/update-{client}?fieldManager=bench&force=true");
                ("PATCH", path, "application/apply-patch+yaml", body)
            }
            Verb::Pod => {
                let containers = json!([{"name": "c", "image": "nginx:1", "env": [{"name": "A", "value": "B"}]}]);
                let spec = json!({"schedulerName": "nobody", "containers": containers});
                (
                    "POST",
                    PODS.to_owned(),
                    "application/json",
                    json!({"metadata": {"name": format!("pod-{client}-{turn}")}, "spec": spec}),
                )
            }
        };
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        Request::builder()
            .method(method)
            .uri(format!("{SERVER}{path}"))
            .header(header::CONTENT_TYPE, content_type)
            .body(Full::new(body))
            .unwrap()
    }
}

/// An answer's body, whatever carried it.
type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// A client's connection.
enum Connection {
    InProcess(ApiService),
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    async fn new(way: Way, cluster: &EmbeddedCluster, host: &Host) -> Self {
        let alpn = match way {
            Way::InProcess => return Self::InProcess(cluster.admin_service()),
            Way::Http1 => "http/1.1",
            Way::Http2 => "h2",
        };
        let kubeconfig = cluster.kubeconfig(SERVER).unwrap();
        let tls = simnet::tls::client_config(&cluster.ca_pem(), Some(&certificate(&kubeconfig)), &[alpn], &Clock::real());
        let connector = Connector::new(host.clone(), Some(tls.unwrap()));
        let stream = connector.connect(&SERVER.parse().unwrap()).await.unwrap();
        match way {
            Way::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
                tokio::spawn(connection);
                Self::Http2(sender)
            }
            _ => {
                let (sender, connection) = http1::handshake(stream).await.unwrap();
                tokio::spawn(connection);
                Self::Http1(sender)
            }
        }
    }

    async fn send(&mut self, mut request: Request<Full<Bytes>>) -> Response<Body> {
        let response = match self {
            Self::InProcess(service) => {
                let Ok(response) = service.clone().oneshot(request).await;
                return response.map(|body| body.map_err(Into::into).boxed_unsync());
            }
            Self::Http1(sender) => {
                sender.ready().await.unwrap();
                let path = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
                *request.uri_mut() = path;
                request
                    .headers_mut()
                    .insert(header::HOST, HeaderValue::from_static("127.0.0.1:6443"));
                sender.send_request(request).await
            }
            Self::Http2(sender) => sender.send_request(request).await,
        };
        response.unwrap().map(|body| body.map_err(Into::into).boxed_unsync())
    }
}

fn certificate(kubeconfig: &kube::config::Kubeconfig) -> simnet::tls::KeyPair {
    use base64::Engine;
    let kubeconfig = serde_json::to_value(kubeconfig).unwrap();
    let user = &kubeconfig["users"][0]["user"];
    let text = |field: &str| {
        let packed = user[field].as_str().unwrap();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(packed).unwrap()).unwrap()
    };
    simnet::tls::KeyPair {
        cert_pem: text("client-certificate-data"),
        key_pem: text("client-key-data"),
    }
}

/// Objects to read and to change.
async fn prepare(cluster: &EmbeddedCluster) {
    let make = async |path: &str, name: String| {
        let body = json!({"metadata": {"name": name}, "data": {"key": "x".repeat(200)}}).to_string();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Full::<Bytes>::from(body)).unwrap();
        let Ok(response) = cluster.admin_service().oneshot(request).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{path}");
    };
    for number in 0..LISTED {
        make(LIST, format!("listed-{number}")).await;
    }
    for client in 0..CLIENTS {
        make(MAPS, format!("update-{client}")).await;
    }
    // Pods need it.
    let account = "/api/v1/namespaces/default/serviceaccounts/default";
    loop {
        let request = Request::get(account).body(Full::<Bytes>::default()).unwrap();
        let Ok(response) = cluster.admin_service().oneshot(request).await;
        if response.status() == StatusCode::OK {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Requests a second, and microseconds on the CPU for each.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
async fn throughput(verb: Verb, clients: Vec<Connection>) -> (f64, f64) {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let (begin, cpu) = (now(), cpu::spent());
    let client = |(number, mut connection): (usize, Connection)| {
        tokio::spawn(async move {
            let mut sent = 0u64;
            while begin.elapsed() < TIME {
                let request = verb.request(number as u64, TURN.fetch_add(1, Ordering::Relaxed));
                let response = connection.send(request).await;
                assert!(response.status().is_success(), "{}: {}", verb.name(), response.status());
                response.into_body().collect().await.unwrap();
                sent += 1;
            }
            sent
        })
    };
    let sent = join_all(clients.into_iter().enumerate().map(client)).await;
    let sent: u64 = sent.into_iter().map(Result::unwrap).sum();
    let cost = (cpu::spent() - cpu).as_secs_f64() * 1e6 / sent as f64;
    (sent as f64 / begin.elapsed().as_secs_f64(), cost)
}

/// Events a second that all watchers get together, and microseconds on the CPU for each.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
async fn fan_out(way: Way, cluster: &EmbeddedCluster, host: &Host) -> (f64, f64) {
    const WRITES: usize = 500;
    let seen = Arc::new(AtomicU64::new(0));
    let mut watchers = vec![];
    for _ in 0..WATCHERS {
        let mut connection = Connection::new(way, cluster, host).await;
        let query = "watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dlisted-0";
        let request = Request::get(format!("{SERVER}{LIST}?{query}"));
        let mut body = connection.send(request.body(Full::default()).unwrap()).await.into_body();
        // The object as it is: the watch is there.
        body.frame().await.unwrap().unwrap();
        let seen = seen.clone();
        watchers.push(tokio::spawn(async move {
            let mut events = 0;
            while events < WRITES
                && let Some(Ok(frame)) = body.frame().await
            {
                let more = frame
                    .data_ref()
                    .map_or(0, |piece| piece.iter().filter(|byte| **byte == b'\n').count());
                events += more;
                seen.fetch_add(more as u64, Ordering::Relaxed);
            }
            drop(connection);
        }));
    }
    let before = seen.load(Ordering::Relaxed);
    let (begin, cpu) = (now(), cpu::spent());
    for turn in 0..WRITES {
        let body = json!({"data": {"turn": turn.to_string()}}).to_string();
        let request = Request::patch(format!("{LIST}/listed-0")).header(header::CONTENT_TYPE, "application/merge-patch+json");
        let Ok(response) = cluster
            .admin_service()
            .oneshot(request.body(Full::<Bytes>::from(body)).unwrap())
            .await;
        assert!(response.status().is_success());
    }
    for watcher in watchers {
        watcher.await.unwrap();
    }
    let events = (seen.load(Ordering::Relaxed) - before) as f64;
    let cost = (cpu::spent() - cpu).as_secs_f64() * 1e6 / events;
    (events / begin.elapsed().as_secs_f64(), cost)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}
