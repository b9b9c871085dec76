//! Volumes and claims in use are not deleted: a finalizer holds them.

use crate::value::{Value, json};

use super::{Attempt, Plugin};
use crate::status::Status;

pub(super) struct StorageObjectInUse;

impl Plugin for StorageObjectInUse {
    fn mutate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        let finalizer = match attempt.kind.kind.as_str() {
            "PersistentVolumeClaim" => "kubernetes.io/pvc-protection",
            "PersistentVolume" => "kubernetes.io/pv-protection",
            "VolumeAttributesClass" => "kubernetes.io/vac-protection",
            _ => return Ok(()),
        };
        if !attempt.is_create() {
            return Ok(());
        }
        let finalizers = &mut attempt.object["metadata"]["finalizers"];
        if !finalizers.is_array() {
            *finalizers = json!([]);
        }
        if let Some(list) = finalizers.as_array_mut().filter(|list| !list.contains(&Value::from(finalizer))) {
            list.push(finalizer.into());
        }
        Ok(())
    }
}
