//! What becomes of a claim: a volume, or a reason why there is none yet.

use super::{PROVISIONER, SELECTED_NODE, Volumes, matching};
use crate::controllers::fields::Fields;
use crate::controllers::resources::{PODS, STORAGE_CLASSES, VOLUMES};
use crate::controllers::runtime::Key;
use crate::object::Object;
use crate::status::Status;

/// Names of the claims that a pod uses.
pub(crate) fn used_by(pod: &Object) -> impl Iterator<Item = &str> {
    let volumes = pod.list_at("/spec/volumes").iter();
    let names = volumes.map(|volume| volume.str_at("/persistentVolumeClaim/claimName"));
    names.filter(|name| !name.is_empty())
}

impl Volumes {
    /// Brings a claim closer to its volume.
    pub(super) async fn serve(&self, claim: &Object) -> Result<(), Status> {
        let named = claim.str_at("/spec/volumeName");
        if !named.is_empty() {
            return match self.binder.cache.get(&VOLUMES, &Key::new("", named)) {
                Some(volume) => self.bind_named(&volume, claim).await,
                None if claim.str_at("/status/phase") == "Bound" => self.lose(claim).await,
                None => Ok(()),
            };
        }
        let volumes = self.binder.cache.all(&VOLUMES);
        if let Some(volume) = matching::best(&volumes, claim) {
            return self.bind(&volume, claim).await;
        }
        self.provide(claim).await
    }

    /// The claim's own choice, if nobody else has it.
    async fn bind_named(&self, volume: &Object, claim: &Object) -> Result<(), Status> {
        if matching::claim_of(volume).is_none() || matching::is_kept_for(volume, claim) {
            return self.bind(volume, claim).await;
        }
        let message = format!("volume {:?} already bound to a different claim.", volume.name());
        self.binder.events.warning(claim, "FailedBinding", &message).await;
        Ok(())
    }

    /// No volume is there: one is made, or somebody has to make one.
    async fn provide(&self, claim: &Object) -> Result<(), Status> {
        let events = &self.binder.events;
        let name = claim.str_at("/spec/storageClassName");
        if name.is_empty() {
            let message = "no persistent volumes available for this claim and no storage class is set";
            events.normal(claim, "FailedBinding", message).await;
            return Ok(());
        }
        let Some(class) = self.binder.cache.get(&STORAGE_CLASSES, &Key::new("", name)) else {
            let message = format!("storageclass.storage.k8s.io {name:?} not found");
            events.warning(claim, "ProvisioningFailed", &message).await;
            return Ok(());
        };
        if class.str_at("/volumeBindingMode") == "WaitForFirstConsumer" && claim.annotation(SELECTED_NODE).is_none() {
            let (reason, message) = match self.unscheduled(claim).as_slice() {
                [] => (
                    "WaitForFirstConsumer",
                    "waiting for first consumer to be created before binding".to_owned(),
                ),
                [pod] => ("WaitForPodScheduled", format!("waiting for pod {pod} to be scheduled")),
                pods => (
                    "WaitForPodScheduled",
                    format!("waiting for pods {} to be scheduled", pods.join(",")),
                ),
            };
            events.normal(claim, reason, &message).await;
            return Ok(());
        }
        let provisioner = class.str_at("/provisioner");
        if provisioner != PROVISIONER {
            let message = format!(
                "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system \
                 administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
            );
            events.normal(claim, "ExternalProvisioning", &message).await;
            return Ok(());
        }
        self.provision(claim, &class).await
    }

    /// Names of the pods without a node that use a claim.
    fn unscheduled(&self, claim: &Object) -> Vec<String> {
        let pods = self.binder.cache.in_namespace(&PODS, claim.namespace().unwrap_or_default());
        let waiting = pods.iter().filter(|pod| pod.str_at("/spec/nodeName").is_empty());
        let using = waiting.filter(|pod| used_by(pod).any(|name| name == claim.name()));
        using.map(|pod| pod.name().to_owned()).collect()
    }
}
