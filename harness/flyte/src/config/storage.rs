//! The `storage` section: which object store, which bucket.

use super::{Config, ConfigError, Section};
use crate::stores::Signer;

/// Where Flyte keeps metadata and data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The store: an endpoint's URL, or the provider and region.
    pub endpoint: String,
    /// The bucket.
    pub container: String,
    /// The scheme of its URIs.
    pub scheme: String,
    /// Who signs URLs for clients, and for which address.
    pub signing: Signing,
}

/// What signed URLs are made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signing {
    /// Where clients reach the store, if not at [`Storage::endpoint`]: `signedUrl.stowConfigOverride.endpoint`.
    pub endpoint: String,
    /// The provider's region.
    pub region: String,
    /// The access key's id; empty where the machine's role signs.
    pub key: String,
    /// The access key.
    pub secret: String,
}

impl Storage {
    /// Which store a program in `zone` reaches by the endpoint: a name inside a cluster means that cluster's own.
    #[must_use]
    pub fn store_id(&self, zone: &str) -> String {
        let authority = self.endpoint.split("://").last().unwrap_or(&self.endpoint);
        let host = authority.split([':', '/']).next().unwrap_or(authority);
        let private =
            self.endpoint.contains("://") && (!host.contains('.') || host.ends_with(".svc") || host.ends_with(".svc.cluster.local"));
        if private {
            format!("{zone}/{}", self.endpoint)
        } else {
            self.endpoint.clone()
        }
    }

    /// Who signs URLs of objects, by the configuration alone.
    pub(crate) fn signer(&self) -> Result<Signer, url::ParseError> {
        let Signing {
            endpoint,
            region,
            key,
            secret,
        } = &self.signing;
        let endpoint = match (endpoint.as_str(), self.scheme.as_str()) {
            ("", "gs") => "https://storage.googleapis.com".to_owned(),
            ("", _) if self.endpoint.contains("://") => self.endpoint.clone(),
            ("", _) => format!("https://s3.{region}.amazonaws.com"),
            (endpoint, _) => endpoint.to_owned(),
        };
        Signer::new(&endpoint, region, key, secret)
    }

    /// Reads section `storage`, in its old form (`connection`) and the one of `stow`.
    ///
    /// # Errors
    /// [`ConfigError`] if a value has the wrong form.
    pub fn read(config: &Config) -> Result<Self, ConfigError> {
        let storage = config.section("storage");
        let container = storage.child("container").string()?;
        let connection = storage.child("connection");
        let stow = storage.child("stow").child("config");
        let mut endpoint = connection.child("endpoint").string()?;
        if endpoint.is_empty() {
            endpoint = stow.child("endpoint").string()?;
        }
        let kind = match storage.child("stow").child("kind").string()? {
            kind if kind.is_empty() => storage.child("type").string()?,
            kind => kind,
        };
        if endpoint.is_empty() {
            endpoint = format!("{kind}/{}", connection.child("region").string()?);
        }
        let scheme = if kind == "google" { "gs" } else { "s3" };
        let first = |one: &Section<'_>, other: &Section<'_>| match one.string()? {
            text if text.is_empty() => other.string(),
            text => Ok(text),
        };
        Ok(Self {
            endpoint,
            container,
            scheme: scheme.to_owned(),
            signing: Signing {
                endpoint: storage.child("signedUrl").child("stowConfigOverride").child("endpoint").string()?,
                region: first(&connection.child("region"), &stow.child("region"))?,
                key: first(&connection.child("access-key"), &stow.child("access_key_id"))?,
                secret: first(&connection.child("secret-key"), &stow.child("secret_key"))?,
            },
        })
    }
}
