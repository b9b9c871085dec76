//! The way to a webhook: HTTPS over the cluster's network.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::TokioExecutor;
use simnet::http::{Connector, HttpError};
use simnet::{Host, tls};

use crate::apiserver::{ApiServer, BODY_LIMIT};
use crate::value::Value;

/// Where a webhook listens.
#[derive(Debug)]
pub(super) enum Destination {
    Url(String),
    Service {
        namespace: String,
        name: String,
        port: u16,
        path: String,
    },
}

/// A webhook's address, and the connections to it.
pub(super) struct Client {
    destination: Destination,
    /// PEM of the authorities that the webhook's certificate may be of.
    authorities: String,
    pool: OnceLock<Connections>,
    /// Over the machine's own network, in real time.
    machine: OnceLock<Connections>,
}

type Connections = Result<Pool<Connector, Full<Bytes>>, String>;

impl Destination {
    /// Reads a `clientConfig`.
    pub(super) fn read(config: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let service = &config["service"];
        if !service.is_object() {
            return Self::Url(text(&config["url"]));
        }
        Self::Service {
            namespace: text(&service["namespace"]),
            name: text(&service["name"]),
            port: service["port"].as_u64().and_then(|port| u16::try_from(port).ok()).unwrap_or(443),
            path: text(&service["path"]),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Service {
                namespace,
                name,
                port,
                path,
            } => {
                let path = if path.is_empty() { "/" } else { path };
                format!("https://{name}.{namespace}.svc:{port}{path}")
            }
        }
    }

    /// Whether this is the API server's own machine.
    fn is_loopback(&self) -> bool {
        let Self::Url(url) = self else { return false };
        let host = url
            .parse::<Uri>()
            .ok()
            .and_then(|url| url.host().map(str::to_owned))
            .unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Whether a Service is there and has the port.
    fn check(&self, server: &ApiServer) -> Result<(), String> {
        let Self::Service { namespace, name, port, .. } = self else {
            return Ok(());
        };
        let service = server.store.get(&"services".into(), namespace, name);
        let service = service.ok_or_else(|| format!("service {name:?} not found"))?;
        let mut ports = service.value()["spec"]["ports"].as_array().into_iter().flatten();
        if ports.any(|p| p["port"].as_u64() == Some(u64::from(*port))) {
            return Ok(());
        }
        Err(format!("no service port {port} found for service {name:?}"))
    }
}

impl Client {
    pub(super) fn new(destination: Destination, authorities: String) -> Self {
        Self {
            destination,
            authorities,
            pool: OnceLock::new(),
            machine: OnceLock::new(),
        }
    }

    /// Posts a review and reads the answer.
    ///
    /// # Errors
    /// What went wrong, in the words of Kubernetes' client.
    pub(super) async fn post(&self, server: &Arc<ApiServer>, review: &Value, timeout: Duration) -> Result<Value, String> {
        let url = format!("{}?timeout={}s", self.destination.url(), timeout.as_secs());
        let failed = |why: String| format!("Post {url:?}: {why}");
        self.destination.check(server).map_err(failed)?;
        let body: Bytes = review.to_json().into();
        let exchange = async {
            let own = self.own_network(server).map_err(failed)?;
            let mut response = send(&own, &url, body.clone()).await;
            if let (Err(HttpError::NoSuchHost(_)), Some(machine)) = (&response, self.machine(server)) {
                response = send(&machine.map_err(failed)?, &url, body).await;
            }
            let response = response.map_err(|error| failed(error.to_string()))?;
            let code = response.status().as_u16();
            let body = Limited::new(response.into_body(), BODY_LIMIT).collect().await;
            let body = body.map_err(|error| failed(error.to_string()))?.to_bytes();
            Ok::<_, String>((code, body))
        };
        let (code, body) = match tokio::time::timeout(timeout, exchange).await {
            Ok(answer) => answer?,
            Err(_) => return Err(failed("context deadline exceeded".into())),
        };
        if !(200..=206).contains(&code) {
            return Err(refusal(code, String::from_utf8_lossy(&body).trim()));
        }
        serde_json::from_slice(&body).map_err(|error| format!("couldn't get version/kind; json parse error: {error}"))
    }

    /// Connections over the network that the API server is on. In real time its loopback interface is that of the machine.
    fn own_network(&self, server: &ApiServer) -> Connections {
        if let Some(machine) = self.machine(server).filter(|_| self.destination.is_loopback()) {
            return machine;
        }
        let connect = || match server.host.clone().or_else(|| server.machine()) {
            Some(host) => self.connect(server, host),
            None => Err("the cluster is on no network (see `Builder::host`)".into()),
        };
        self.pool.get_or_init(connect).clone()
    }

    /// Connections to what only the machine knows, which a Service is not; none in virtual time.
    fn machine(&self, server: &ApiServer) -> Option<Connections> {
        let machine = server.machine().filter(|_| matches!(self.destination, Destination::Url(_)))?;
        Some(self.machine.get_or_init(|| self.connect(server, machine)).clone())
    }

    fn connect(&self, server: &ApiServer, host: Host) -> Connections {
        let config = if self.authorities.trim().is_empty() {
            tls::client_config_without_authorities(&["http/1.1"], &server.clock)
        } else {
            tls::client_config(&self.authorities, None, &["http/1.1"], &server.clock)
        };
        let config = config.map_err(|error| error.to_string())?;
        Ok(Pool::builder(TokioExecutor::new()).build(Connector::new(host, Some(config))))
    }
}

async fn send(pool: &Pool<Connector, Full<Bytes>>, url: &str, body: Bytes) -> Result<Response<Incoming>, HttpError> {
    let request = Request::post(url)
        .header("content-type", "application/json")
        .header("accept", "application/json, */*")
        .header("user-agent", "kube-apiserver-admission")
        .body(Full::from(body))?;
    pool.request(request).await.map_err(|error| HttpError::from_cause(&error))
}

/// What Kubernetes' client says to an answer with an error's code.
fn refusal(code: u16, text: &str) -> String {
    let unknown = format!("an error on the server ({text:?}) has prevented the request from succeeding");
    let known = match code {
        400 => "the server rejected our request for an unknown reason",
        401 => "the server has asked for the client to provide credentials",
        403 if text.is_empty() => "forbidden",
        403 => text,
        404 => "the server could not find the requested resource",
        405 => "the server does not allow this method on the requested resource",
        406 => "the server was unable to respond with a content type that the client supports",
        409 => "the server reported a conflict",
        410 => "the server is no longer able to serve this request",
        415 => "the server was unable to process the content type",
        422 => "the server rejected our request due to an error in our request",
        429 => "the server has received too many requests and has asked us to try again later",
        503 => "the server is currently unable to handle the request",
        504 => "the server was unable to return a response in the time allotted, but may still be processing the request",
        500.. => &unknown,
        _ => return format!("the server responded with the status code {code} but did not return more information"),
    };
    known.to_owned()
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("destination", &self.destination)
            .finish_non_exhaustive()
    }
}
