//! Claims that name no storage class get the default one.

use super::{Attempt, Plugin};
use crate::status::Status;

const DEFAULT: [&str; 2] = [
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
];

pub(super) struct DefaultStorageClass;

impl Plugin for DefaultStorageClass {
    fn mutate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if !attempt.is("", "persistentvolumeclaims") || !attempt.is_create() || !attempt.object["spec"]["storageClassName"].is_null() {
            return Ok(());
        }
        let classes = attempt.server.store.snapshot(&"storageclasses.storage.k8s.io".into(), None).items;
        let default = classes
            .iter()
            .filter(|class| DEFAULT.iter().any(|annotation| class.annotation(annotation) == Some("true")))
            // Of several the newest, then the first by name.
            .max_by_key(|class| (class.creation_timestamp().to_owned(), std::cmp::Reverse(class.name().to_owned())));
        if let Some(class) = default {
            attempt.object["spec"]["storageClassName"] = class.name().into();
        }
        Ok(())
    }
}
