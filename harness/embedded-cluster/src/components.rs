//! Controllers and scheduler of this crate, as clients of an API server of another process.

use std::sync::Arc;

use simnet::Clock;
use simnet::tls::Authority;
use tokio::task::AbortHandle;
use x509_parser::pem::parse_x509_pem;

use crate::apiserver::token;
use crate::auth::{DEFAULT_ISSUER, Tokens};
use crate::client::Client;
use crate::cluster::ClusterError;
use crate::{controllers, scheduler};

/// What `kube-controller-manager` is given of a cluster's keys.
#[derive(Debug)]
pub struct Keys {
    /// Signs certificate requests; its certificate is published in `kube-root-ca.crt` and in the Secrets of tokens.
    pub authority: Arc<Authority>,
    /// Private key of service accounts' tokens, PEM: P-256, PKCS #8.
    pub token_key_pem: String,
}

/// What `kube-scheduler` and, where the cluster has none of its own, `kube-controller-manager` do, as tasks of this process. They act as
/// Kubernetes' own users, by impersonation, so that the server's bootstrap roles decide what they may. They end when this is dropped.
#[derive(Debug)]
pub struct Components {
    tasks: Vec<AbortHandle>,
}

impl Components {
    /// Starts the scheduler, and with `keys` the controllers, in real time. `client` is an administrator's.
    ///
    /// # Errors
    /// [`ClusterError::TokenKey`] if the key of tokens is not of the form that is asked for.
    pub fn start(client: kube::Client, clock: &Clock, keys: Option<Keys>) -> Result<Self, ClusterError> {
        let client = Client::remote(client);
        let mut components = Self { tasks: Vec::new() };
        if let Some(keys) = keys {
            let (_, pem) = parse_x509_pem(keys.token_key_pem.as_bytes()).map_err(|_| ClusterError::TokenKey)?;
            // Tokens of Secrets have an issuer that is always the same.
            let tokens = Tokens::from_pkcs8(DEFAULT_ISSUER, &pem.contents).map_err(|_| ClusterError::TokenKey)?;
            let now = clock.clone();
            let settings = controllers::Settings {
                clock: clock.clone(),
                ca: keys.authority.pem().into(),
                sign: Arc::new(move |account, secret| token::legacy(&tokens, now.now().as_second(), account, secret)),
                sign_request: controllers::signer(keys.authority),
            };
            components.tasks.push(controllers::start(&client, settings));
        }
        components.tasks.push(scheduler::start(&client, clock.clone()));
        Ok(components)
    }
}

impl Drop for Components {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}
