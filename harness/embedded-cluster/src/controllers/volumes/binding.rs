//! Claims and volumes are bound to each other.

use super::{BOUND_BY_CONTROLLER, PROVISIONED_BY, PROVISIONER, Volumes};
use crate::controllers::fields::Fields;
use crate::controllers::resources::{VOLUME_CLAIMS, VOLUMES};
use crate::object::Object;
use crate::status::Status;
use crate::value::{Value, json};

const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";

impl Volumes {
    /// Binds a volume and a claim, first the volume. What is done already is left alone, so that it may be called again.
    pub(super) async fn bind(&self, volume: &Object, claim: &Object) -> Result<(), Status> {
        let client = &self.binder.client;
        let mut value = volume.value().clone();
        if volume.str_at("/spec/claimRef/uid") != claim.uid() {
            if volume.at("/spec/claimRef").is_null() {
                value["metadata"]["annotations"][BOUND_BY_CONTROLLER] = "yes".into();
            }
            value["spec"]["claimRef"] = reference(claim);
            value = client.update(&VOLUMES, value).await?.value().clone();
        }
        if value.str_at("/status/phase") != "Bound" {
            self.phase(&mut value, "Bound");
            client.update_status(&VOLUMES, value).await?;
        }
        let mut value = claim.value().clone();
        if claim.str_at("/spec/volumeName") != volume.name() || claim.annotation(BIND_COMPLETED).is_none() {
            if claim.str_at("/spec/volumeName").is_empty() {
                value["metadata"]["annotations"][BOUND_BY_CONTROLLER] = "yes".into();
            }
            value["metadata"]["annotations"][BIND_COMPLETED] = "yes".into();
            value["spec"]["volumeName"] = volume.name().into();
            value = client.update(&VOLUME_CLAIMS, value).await?.value().clone();
        }
        if value.str_at("/status/phase") != "Bound" {
            value["status"]["phase"] = "Bound".into();
            value["status"]["accessModes"] = volume.at("/spec/accessModes").clone();
            value["status"]["capacity"] = volume.at("/spec/capacity").clone();
            client.update_status(&VOLUME_CLAIMS, value).await?;
        }
        Ok(())
    }

    /// A bound claim whose volume is gone.
    pub(super) async fn lose(&self, claim: &Object) -> Result<(), Status> {
        let mut value = claim.value().clone();
        value["status"]["phase"] = "Lost".into();
        self.binder.client.update_status(&VOLUME_CLAIMS, value).await?;
        let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
        self.binder.events.warning(claim, "ClaimLost", message).await;
        Ok(())
    }

    /// Makes a volume for a claim, as the class has it. It is bound when it shows.
    pub(super) async fn provision(&self, claim: &Object, class: &Object) -> Result<(), Status> {
        let name = format!("pvc-{}", claim.uid());
        let policy = match class.str_at("/reclaimPolicy") {
            "" => "Delete",
            policy => policy,
        };
        let volume = json!({
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {"name": name, "annotations": {PROVISIONED_BY: PROVISIONER}},
            "spec": {
                "accessModes": claim.at("/spec/accessModes"), "capacity": {"storage": claim.at("/spec/resources/requests/storage")},
                "claimRef": reference(claim), "csi": {"driver": PROVISIONER, "volumeHandle": name},
                "persistentVolumeReclaimPolicy": policy, "storageClassName": class.name(), "volumeMode": claim.at("/spec/volumeMode"),
            },
        });
        match self.binder.client.create(&VOLUMES, None, volume).await {
            Err(error) if !error.is_already_exists() => return Err(error),
            Err(_) => return Ok(()),
            Ok(_) => {}
        }
        let message = format!("Successfully provisioned volume {name}");
        self.binder.events.normal(claim, "ProvisioningSucceeded", &message).await;
        Ok(())
    }
}

fn reference(claim: &Object) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": claim.namespace(), "name": claim.name(), "uid": claim.uid(),
        "resourceVersion": claim.revision().to_string(),
    })
}
