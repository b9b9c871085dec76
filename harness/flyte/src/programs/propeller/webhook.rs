//! `flytepropeller webhook`: the pod webhook that would inject secrets. It makes its certificates and listens; it
//! registers no webhook with the API server, since the tasks here have no secrets.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams};
use simnet::tls::{Authority, KeyPair, TlsError, server_config};
use virtual_node::{ContainerContext, ExitStatus};

use crate::config::Config;
use crate::kubernetes;
use crate::programs::companions::until_stopped;
use crate::programs::{Failure, serve as server};

/// Section `webhook`.
struct Settings {
    cert_dir: String,
    service: String,
    secret: String,
    port: u16,
}

impl Settings {
    fn read(config: &Config) -> Result<Self, Failure> {
        let section = config.section("webhook");
        let text = |key: &str, fallback: &str| {
            let value = section.child(key).string().map_err(Failure::new)?;
            Ok::<_, Failure>(if value.is_empty() { fallback.to_owned() } else { value })
        };
        Ok(Self {
            cert_dir: text("certDir", "/etc/webhook/certs")?,
            service: text("serviceName", "flyte-pod-webhook")?,
            secret: text("secretName", "flyte-pod-webhook")?,
            port: section.child("listenPort").port(9443).map_err(Failure::new)?,
        })
    }
}

/// Stores an authority and a certificate for the webhook's Service in its Secret.
pub(super) async fn init_certs(context: &ContainerContext, config: &Config) -> Result<ExitStatus, Failure> {
    let settings = Settings::read(config)?;
    let namespace = &context.pod.namespace;
    let name = format!("{}.{namespace}.svc", settings.service);
    let pair = |name: &str| -> Result<(String, KeyPair), TlsError> {
        let authority = Authority::new("flyte-pod-webhook", &context.clock)?;
        let pair = authority.issue_server(&[name])?;
        Ok((authority.pem().to_owned(), pair))
    };
    let (ca, pair) = pair(&name).map_err(Failure::new)?;
    let data: BTreeMap<_, _> = [("ca.crt", ca), ("tls.crt", pair.cert_pem), ("tls.key", pair.key_pem)]
        .into_iter()
        .map(|(key, text)| (key.to_owned(), ByteString(text.into_bytes())))
        .collect();
    let secret = Secret {
        data: Some(data),
        ..Secret::default()
    };
    let client = kubernetes::in_cluster(context).map_err(Failure::new)?;
    let secrets: Api<Secret> = Api::namespaced(client, namespace);
    secrets
        .patch(&settings.secret, &PatchParams::default(), &Patch::Merge(&secret))
        .await
        .map_err(|error| {
            Failure(format!(
                "failed to store certificates in secret [{namespace}/{}]: {error}",
                settings.secret
            ))
        })?;
    Ok(ExitStatus::SUCCESS)
}

/// Listens with the mounted certificate.
pub(super) async fn serve(context: &ContainerContext, config: &Config) -> Result<ExitStatus, Failure> {
    let settings = Settings::read(config)?;
    let read = |name: &str| {
        let path = format!("{}/{name}", settings.cert_dir.trim_end_matches('/'));
        context
            .files
            .read_to_string(&path)
            .map_err(|error| Failure(format!("open {path}: {error}")))
    };
    let pair = KeyPair {
        cert_pem: read("tls.crt")?,
        key_pem: read("tls.key")?,
    };
    let tls = server_config(&pair, None, &["h2", "http/1.1"], &context.clock).map_err(Failure::new)?;
    server::pages(context, settings.port, Some(tls), &[("/healthz", "")]).await?;
    Ok(until_stopped(context).await)
}
