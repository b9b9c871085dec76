//! GET, as helm does it: with the system's root certificates or the repository's own, through a proxy, with the repository's login.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{AUTHORIZATION, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use url::{Origin, Url};

use super::logins::Login;
use super::proxy::WayOut;
use crate::causes::causes;

/// How long one answer may take, as in Helm.
const PATIENCE: Duration = Duration::from_secs(120);
/// How large it may be, in bytes: what Helm unpacks at most.
const LIMIT: usize = 100 << 20;
/// How often an answer may point elsewhere, as in Go.
const REDIRECTS: usize = 10;

/// A client of one repository.
pub(super) struct Http {
    client: Client<HttpsConnector<WayOut>, Empty<Bytes>>,
    way: WayOut,
    /// The login, and the only origin that gets it; `None`: all.
    login: Option<(HeaderValue, Option<Origin>)>,
}

impl Http {
    /// For the repository at an address.
    pub(super) fn new(repo: &Url, login: &Login) -> Result<Self, String> {
        let way = WayOut::from_env();
        let https = HttpsConnectorBuilder::new().with_tls_config(tls(login)?);
        let connector = https.https_or_http().enable_http1().wrap_connector(way.clone());
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            way,
            login: basic(login)?.map(|header| (header, (!login.everywhere).then(|| repo.origin()))),
        })
    }

    /// What is at an address.
    pub(super) async fn get(&self, url: &Url) -> Result<Bytes, String> {
        let answer = tokio::time::timeout(PATIENCE, self.follow(url.clone())).await;
        let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {} seconds", PATIENCE.as_secs())));
        answer.map_err(|error| format!("cannot fetch {url}: {error}"))
    }

    async fn follow(&self, mut url: Url) -> Result<Bytes, String> {
        for _ in 0..=REDIRECTS {
            let response = self.client.request(self.request(&url)?).await.map_err(|error| causes(&error))?;
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
                None if status == http::StatusCode::UNAUTHORIZED && self.login.is_none() => {
                    return Err(format!(
                        "{status}: log in with `helm repo add NAME URL --username USER --password-stdin`"
                    ));
                }
                None => return Err(format!("{status}")),
            }
        }
        Err(format!("more than {REDIRECTS} redirects"))
    }

    fn request(&self, url: &Url) -> Result<Request<Empty<Bytes>>, String> {
        let uri: Uri = url.as_str().parse().map_err(|error| format!("{error}"))?;
        let mut request = Request::get(uri.clone());
        if let Some((login, only)) = &self.login
            && only.as_ref().is_none_or(|only| *only == url.origin())
        {
            request = request.header(AUTHORIZATION, login);
        }
        if let Some(login) = self.way.authorization(&uri) {
            request = request.header(PROXY_AUTHORIZATION, login);
        }
        request.body(Empty::new()).map_err(|error| error.to_string())
    }
}

fn basic(login: &Login) -> Result<Option<HeaderValue>, String> {
    if login.username.is_empty() && login.password.is_empty() {
        return Ok(None);
    }
    let pair = format!("{}:{}", login.username, login.password);
    let mut header = HeaderValue::try_from(format!("Basic {}", BASE64.encode(pair.as_bytes()))).map_err(|error| error.to_string())?;
    header.set_sensitive(true);
    Ok(Some(header))
}

fn tls(login: &Login) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    let config = if login.ca_file.as_os_str().is_empty() {
        match config.clone().with_native_roots() {
            Ok(config) => config,
            // A machine without root certificates reaches repositories without TLS.
            Err(_) => config.with_root_certificates(RootCertStore::empty()),
        }
    } else {
        let file = &login.ca_file;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(file)? {
            roots.add(certificate).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        config.with_root_certificates(roots)
    };
    if login.cert_file.as_os_str().is_empty() {
        return Ok(config.with_no_client_auth());
    }
    let key = PrivateKeyDer::from_pem_file(&login.key_file).map_err(|error| format!("{}: {error}", login.key_file.display()))?;
    let chain = certificates(&login.cert_file)?;
    config
        .with_client_auth_cert(chain, key)
        .map_err(|error| format!("{}: {error}", login.cert_file.display()))
}

fn certificates(file: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let named = |error: rustls::pki_types::pem::Error| format!("{}: {error}", file.display());
    CertificateDer::pem_file_iter(file)
        .map_err(named)?
        .collect::<Result<_, _>>()
        .map_err(named)
}
