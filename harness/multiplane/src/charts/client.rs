//! GET, with the system's root certificates.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::header::LOCATION;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use url::Url;

/// How long one answer may take, as in Helm.
const PATIENCE: Duration = Duration::from_secs(120);
/// How large it may be, in bytes: what Helm unpacks at most.
const LIMIT: usize = 100 << 20;
/// How often an answer may point elsewhere, as in Go.
const REDIRECTS: usize = 10;

pub(super) struct Http(Client<HttpsConnector<HttpConnector>, Empty<Bytes>>);

impl Http {
    pub(super) fn new() -> Result<Self, String> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = HttpsConnectorBuilder::new();
        let builder = match builder.with_provider_and_native_roots(provider.clone()) {
            Ok(builder) => builder,
            // A machine without root certificates reaches repositories without TLS.
            Err(_) => {
                let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
                let config = config
                    .map_err(|error| error.to_string())?
                    .with_root_certificates(RootCertStore::empty());
                HttpsConnectorBuilder::new().with_tls_config(config.with_no_client_auth())
            }
        };
        let connector = builder.https_or_http().enable_http1().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// What is at an address.
    pub(super) async fn get(&self, url: &Url) -> Result<Bytes, String> {
        let answer = tokio::time::timeout(PATIENCE, self.follow(url.clone())).await;
        let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {} seconds", PATIENCE.as_secs())));
        answer.map_err(|error| format!("cannot fetch {url}: {error}"))
    }

    async fn follow(&self, mut url: Url) -> Result<Bytes, String> {
        for _ in 0..=REDIRECTS {
            let uri: Uri = url.as_str().parse().map_err(|error| format!("{error}"))?;
            let response = self.0.get(uri).await.map_err(|error| causes(&error))?;
            let status = response.status();
            let target = response.headers().get(LOCATION).and_then(|target| target.to_str().ok());
            match target.filter(|_| status.is_redirection()) {
                Some(target) => {
                    let next = url.join(target).map_err(|error| format!("{target}: {error}"))?;
                    if url.scheme() == "https" && next.scheme() != "https" {
                        return Err(format!("it points to {next}, without TLS"));
                    }
                    url = next;
                }
                None if status.is_success() => {
                    let body = Limited::new(response.into_body(), LIMIT).collect().await;
                    return Ok(body.map_err(|error| error.to_string())?.to_bytes());
                }
                None => return Err(format!("{status}")),
            }
        }
        Err(format!("more than {REDIRECTS} redirects"))
    }
}

/// An error with what it comes from.
fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
