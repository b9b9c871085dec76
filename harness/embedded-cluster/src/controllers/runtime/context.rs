//! What a controller is given.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use simnet::Clock;

use super::types::Types;
use super::{Cache, Recorder};
use crate::auth::Identity;
use crate::client::Client;

/// Everything a controller works with: its own client, the shared cache, time, events.
#[derive(Clone)]
pub(crate) struct Context {
    /// Acts as the controller's own user.
    pub(crate) client: Client,
    /// The cluster as watched.
    pub(crate) cache: Arc<Cache>,
    /// The resource types that there are.
    pub(crate) types: Arc<Types>,
    /// Wall clock.
    pub(crate) clock: Clock,
    /// Events under the controller's name.
    pub(crate) events: Recorder,
}

/// Makes the contexts of one program's controllers.
pub(crate) struct Contexts {
    /// Any client of the cluster.
    pub(crate) client: Client,
    /// Shared by all controllers.
    pub(crate) cache: Arc<Cache>,
    /// Shared by all controllers.
    pub(crate) types: Arc<Types>,
    /// Wall clock.
    pub(crate) clock: Clock,
    sequence: Arc<AtomicU64>,
}

impl Contexts {
    /// Contexts for the controllers of one cluster.
    pub(crate) fn new(client: Client, clock: Clock) -> Self {
        Self {
            client,
            clock,
            cache: Arc::default(),
            types: Arc::default(),
            sequence: Arc::default(),
        }
    }

    /// The context of a controller that acts as the service account `account` of `kube-system`.
    pub(crate) fn account(&self, account: &'static str) -> Context {
        self.component(account, account)
    }

    /// The context of a controller that calls itself otherwise than its service account.
    pub(crate) fn component(&self, account: &str, component: &'static str) -> Context {
        let user = format!("system:serviceaccount:kube-system:{account}");
        self.user(
            Identity::new(user, ["system:serviceaccounts", "system:serviceaccounts:kube-system"]),
            component,
        )
    }

    /// The context of a component that acts as `user`.
    pub(crate) fn user(&self, user: Identity, component: &'static str) -> Context {
        let client = self.client.acting_as(user, MANAGER);
        let events = Recorder::new(client.clone(), self.clock.clone(), component, self.sequence.clone());
        Context {
            client,
            events,
            cache: self.cache.clone(),
            types: self.types.clone(),
            clock: self.clock.clone(),
        }
    }
}

/// Field manager of what controllers write.
pub(crate) const MANAGER: &str = "kube-controller-manager";
