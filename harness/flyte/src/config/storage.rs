//! The `storage` section: which object store, which bucket.

use super::{Config, ConfigError};

/// Where Flyte keeps metadata and data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The store: an endpoint's URL, or the provider and region.
    pub endpoint: String,
    /// The bucket.
    pub container: String,
    /// The scheme of its URIs.
    pub scheme: String,
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
        Ok(Self {
            endpoint,
            container,
            scheme: scheme.to_owned(),
        })
    }
}
