//! The volume claims of a pod that is to be placed: those that wait for its node are told which one it is.

use std::sync::Arc;

use crate::client::{Client, Patch};
use crate::controllers::fields::Fields;
use crate::controllers::resources::{STORAGE_CLASSES, VOLUME_CLAIMS};
use crate::controllers::runtime::{Cache, Key};
use crate::controllers::volumes::{PROVISIONER, SELECTED_NODE, used_by};
use crate::object::Object;
use crate::status::Status;
use crate::value::json;

/// The provisioner of classes whose volumes nobody makes.
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// A pod's claims, with the way in which each gets its volume.
pub(super) struct Claims(Vec<(String, Option<Arc<Object>>, State)>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It has one, or there is no such claim.
    Settled,
    /// It gets one at this moment.
    Coming,
    /// It gets one once it is known on which node.
    ForNode,
    /// It may get one, by somebody else.
    Unbound,
}

impl Claims {
    pub(super) fn of(pod: &Object, cache: &Cache) -> Self {
        let namespace = pod.namespace().unwrap_or_default();
        let claims = used_by(pod).map(|name| {
            let claim = cache.get(&VOLUME_CLAIMS, &Key::new(namespace, name));
            let state = claim.as_ref().map_or(State::Settled, |claim| state(claim, cache));
            (name.to_owned(), claim, state)
        });
        Self(claims.collect())
    }

    /// Whether volumes are made for some at this moment.
    pub(super) fn get_volumes(&self) -> bool {
        self.0.iter().any(|(_, _, state)| *state == State::Coming)
    }

    /// What is wrong with them, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        self.0.iter().find_map(|(name, claim, state)| match (claim, state) {
            (None, _) => Some(format!("persistentvolumeclaim {name:?} not found")),
            (_, State::Unbound) => Some("pod has unbound immediate PersistentVolumeClaims".to_owned()),
            _ => None,
        })
    }

    /// The node that was chosen before.
    pub(super) fn selected(&self) -> Option<&str> {
        self.0.iter().find_map(|(_, claim, _)| claim.as_ref()?.annotation(SELECTED_NODE))
    }

    /// Whether some get volumes once the pod's node is known.
    pub(super) fn wait_for_a_node(&self) -> bool {
        self.0.iter().any(|(_, _, state)| *state == State::ForNode)
    }

    /// Tells those that wait for it.
    ///
    /// # Errors
    /// Of the API.
    pub(super) async fn select(&self, client: &Client, node: &str) -> Result<(), Status> {
        for (name, claim, state) in &self.0 {
            let Some(claim) = claim.as_ref().filter(|_| *state == State::ForNode) else {
                continue;
            };
            if claim.annotation(SELECTED_NODE) != Some(node) {
                let patch = Patch::Merge(json!({"metadata": {"annotations": {SELECTED_NODE: node}}}));
                client.patch(&VOLUME_CLAIMS, claim.namespace(), name, None, patch).await?;
            }
        }
        Ok(())
    }
}

fn state(claim: &Object, cache: &Cache) -> State {
    if !claim.str_at("/spec/volumeName").is_empty() {
        return State::Settled;
    }
    let class = cache.get(&STORAGE_CLASSES, &Key::new("", claim.str_at("/spec/storageClassName")));
    let Some(class) = class else { return State::Unbound };
    match (class.str_at("/volumeBindingMode"), class.str_at("/provisioner")) {
        ("WaitForFirstConsumer", provisioner) if provisioner != NO_PROVISIONER => State::ForNode,
        (_, PROVISIONER) => State::Coming,
        _ => State::Unbound,
    }
}
