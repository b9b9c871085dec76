//! PATCH in its four forms.

use std::sync::Arc;

use crate::value::{Value, json};

use super::super::{Outcome, PatchKind, decode, patching};
use super::update::Proposal;
use super::{Write, managed, name_and_namespace};
use crate::object::Object;
use crate::status::{Cause, Status};

impl Write<'_> {
    /// PATCH.
    pub(in crate::apiserver) async fn patch(&mut self) -> Result<Outcome, Status> {
        let patch = decode::patch_of(&self.request.body)?;
        if patch.kind == PatchKind::Apply {
            return self.apply(patch.content).await;
        }
        if self.request.options.force.is_some() {
            let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
            return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", vec![cause]));
        }
        if patch.kind == PatchKind::Strategic && self.kind.custom.is_some() {
            let read = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
            return Err(Status::unsupported_media_type(read));
        }
        self.change(|write, old| {
            let mut object = write.patched(&patch, old)?;
            let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
            let read = text("resourceVersion");
            let read = if read == old.revision().to_string() { String::new() } else { read };
            name_and_namespace(&mut object, Some(write.name()), write.request.target.namespace.as_deref())?;
            Ok(Proposal {
                object,
                read,
                uid: String::new(),
                written: managed::Written::Update,
            })
        })
        .await
    }

    /// The object after the patch, checked against its schema.
    fn patched(&mut self, patch: &decode::Patch, old: &Arc<Object>) -> Result<Value, Status> {
        let mut object = old.value().clone();
        let content = &patch.content;
        match patch.kind {
            PatchKind::Json => patching::json(&mut object, content)?,
            PatchKind::Merge => patching::merge(&mut object, content),
            PatchKind::Strategic => {
                object = decode::strategic_merge(self.kind, &object, content)?;
            }
            PatchKind::Apply => return Err(Status::internal("apply is not a patch of the present state")),
        }
        // Kubernetes decodes into a value of the kind: a strategic patch cannot make another of it, and one without a kind is of that kind.
        let fields: &[&str] = match patch.kind {
            PatchKind::Strategic => &["apiVersion", "kind"],
            _ if self.kind.custom.is_none() && object["kind"].as_str().is_none_or(str::is_empty) => &["kind"],
            _ => &[],
        };
        // A patch may put anything in the place of an object.
        if let Some(object) = object.as_object_mut() {
            for field in fields {
                object.insert(*field, old.value()[*field].clone());
            }
        }
        let same_kind = object["kind"] == old.value()["kind"] && object["apiVersion"] == old.value()["apiVersion"];
        if !same_kind {
            return Err(self.other_kind(&object));
        }
        let shown = match patch.kind {
            PatchKind::Strategic => crate::schema::go_format(content).into(),
            // Kubernetes shows the whole patched object here.
            _ => json!("{\"apiVersion\":...}"),
        };
        let decoded = decode::checked_patch(self.kind, object, old.value(), patch, &self.request.options)
            .map_err(|fault| patch_fault(&shown, &fault))?;
        self.warnings.extend(decoded.warnings);
        Ok(decoded.value)
    }

    fn other_kind(&self, object: &Value) -> Status {
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let version = api_version.rsplit('/').next().unwrap_or_default();
        let other = self.server.kinds.of_object(&api_version, &kind);
        let misfit = other.as_ref().and_then(|other| other.decode(&mut object.clone()).err());
        let fault = if other.is_none() {
            format!("no kind {kind:?} is registered for version {api_version:?} in scheme \"pkg/api/legacyscheme/scheme.go:30\"")
        } else if let Some(misfit) = misfit {
            misfit.to_string()
        } else {
            let group = self.kind.resource.group();
            let internal = if group.is_empty() {
                "core"
            } else {
                group.split('.').next().unwrap_or(group)
            };
            format!(
                "converting ({version}.{kind}) to ({internal}.{}): unknown conversion",
                self.kind.kind
            )
        };
        patch_fault(&json!("{\"apiVersion\":...}"), &fault)
    }

    /// Server-side apply: changes the object, or creates it.
    pub(in crate::apiserver) async fn apply(&mut self, patch: Value) -> Result<Outcome, Status> {
        if self.request.options.field_manager.as_deref().unwrap_or_default().is_empty() {
            let cause = Cause::required("fieldManager", "is required for apply patch");
            return Err(Status::invalid("meta.k8s.io", "PatchOptions", "", vec![cause]));
        }
        let exists = self.server.store.get(&self.kind.key, self.namespace(), self.name()).is_some();
        if exists {
            let changed = self.change(|write, old| {
                let (object, written) = managed::apply(write, Some(old), &patch)?;
                let read = patch["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
                Ok(Proposal {
                    object,
                    read,
                    uid: String::new(),
                    written,
                })
            });
            return changed.await;
        }
        if !self.subresource().is_empty() {
            return Err(Status::not_found(&self.kind.resource, self.name()));
        }
        let uid = patch["metadata"]["uid"].as_str().unwrap_or_default();
        if !uid.is_empty() {
            let because = format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
            return Err(Status::conflict(&self.kind.resource, self.name(), &because));
        }
        let (mut object, written) = managed::apply(self, None, &patch)?;
        name_and_namespace(&mut object, Some(self.name()), self.request.target.namespace.as_deref())?;
        // A revision of what is not there is not looked at.
        super::fields::metadata_mut(&mut object).remove("resourceVersion");
        self.create_object(object, written).await
    }
}

/// 422 as Kubernetes words it when the patched object is not one of its kind.
fn patch_fault(shown: &Value, fault: &str) -> Status {
    let cause = Cause {
        reason: "FieldValueInvalid".into(),
        message: format!("Invalid value: {shown}: {fault}"),
        field: "patch".into(),
    };
    Status::invalid("", "", "", vec![cause])
}
