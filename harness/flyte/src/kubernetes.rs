//! Clients of Kubernetes API servers, over the network of a world.

use std::sync::Arc;

use http::{HeaderValue, Request, header};
use kube::client::Body;
use simnet::Host;
use simnet::http::{Access, AccessService, HttpError};
use tower::util::MapRequest;
use virtual_node::{ContainerContext, Files};

/// Where a pod finds its service account's credentials.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The pod has no service account mounted, or is in no cluster.
#[derive(Debug, thiserror::Error)]
pub enum InClusterError {
    /// Outside Kubernetes.
    #[error("unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined")]
    NotInCluster,
    /// No credentials.
    #[error("open {0}: {1}")]
    File(String, std::io::Error),
    /// The address or the certificate cannot be used.
    #[error(transparent)]
    Http(#[from] HttpError),
}

/// The token of a client of another cluster.
pub(crate) enum Token {
    /// As it was read once.
    Fixed(String),
    /// In this file, read anew for every request.
    File(Files, String),
}

/// A client of another cluster, with a CA that stays as it is.
///
/// Without a CA the system's trust store decides; without a scheme the server is an https one if there is a CA.
pub(crate) fn remote(host: &Host, trust: &str, endpoint: &str, ca: &str, token: Token) -> Result<kube::Client, HttpError> {
    let endpoint = if endpoint.is_empty() { "localhost" } else { endpoint };
    let server = match (endpoint.contains("://"), ca.is_empty()) {
        (true, _) => endpoint.to_owned(),
        (false, false) => format!("https://{endpoint}"),
        (false, true) => format!("http://{endpoint}"),
    };
    let access = Access {
        server,
        ca_pem: if ca.is_empty() { trust } else { ca }.to_owned(),
        token: match &token {
            Token::Fixed(token) if !token.is_empty() => Some(token.clone()),
            _ => None,
        },
        client: None,
    };
    let service: AccessService<Body> = AccessService::new(host, &access)?;
    Ok(match token {
        Token::Fixed(_) => kube::Client::new(service, "default"),
        Token::File(files, path) => rereading(service, files, path, "default"),
    })
}

/// A client that reads the token anew for every request.
fn rereading(service: AccessService<Body>, files: Files, path: String, namespace: &str) -> kube::Client {
    let place = Arc::new((files, path));
    let service = MapRequest::new(service, move |request| authorized(request, &place.0, &place.1));
    kube::Client::new(service, namespace)
}

/// A client with the pod's own service account. The token is read anew for every request, since it rotates.
///
/// # Errors
/// If the pod has no service account, or its credentials cannot be read.
pub fn in_cluster(context: &ContainerContext) -> Result<kube::Client, InClusterError> {
    let env = |name: &str| context.env.get(name).ok_or(InClusterError::NotInCluster);
    let server = format!("https://{}:{}", env("KUBERNETES_SERVICE_HOST")?, env("KUBERNETES_SERVICE_PORT")?);
    let read = |name: &str| {
        let path = format!("{ACCOUNT}/{name}");
        context
            .files
            .read_to_string(&path)
            .map_err(|error| InClusterError::File(path, error))
    };
    read("token")?;
    let access = Access {
        server,
        ca_pem: read("ca.crt")?,
        token: None,
        client: None,
    };
    let service: AccessService<Body> = AccessService::new(&context.host, &access)?;
    let files = context.files.clone();
    Ok(rereading(service, files, format!("{ACCOUNT}/token"), &context.pod.namespace))
}

fn authorized(mut request: Request<Body>, files: &Files, path: &str) -> Request<Body> {
    let token = files.read_to_string(path).ok();
    let value = token.and_then(|token| HeaderValue::from_str(&format!("Bearer {}", token.trim())).ok());
    if let Some(mut value) = value {
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    request
}
