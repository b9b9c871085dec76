//! Changes of existing objects: PUT, and what a patch made of the present state.

use std::sync::Arc;

use crate::value::Value;

use super::super::{Outcome, convert, decode};
use super::{Write, fields, managed, name_and_namespace, prepare};
use crate::object::Object;
use crate::status::{Cause, Status};
use crate::store::Conflict;

/// The new state of an object, made from the present one.
pub(super) struct Proposal {
    pub(super) object: Value,
    /// The revision that the client says it read; empty: any.
    pub(super) read: String,
    /// The uid that the client says the object has; empty: any.
    pub(super) uid: String,
    pub(super) written: managed::Written,
}

impl Write<'_> {
    /// PUT.
    pub(in crate::apiserver) async fn update(&mut self) -> Result<Outcome, Status> {
        super::super::read::can_be_named(self.name())?;
        let mut object = self.body()?;
        name_and_namespace(&mut object, Some(self.name()), self.request.target.namespace.as_deref())?;
        let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let (read, uid) = (text("resourceVersion"), text("uid"));
        let exists = self.server.store.get(&self.kind.key, self.namespace(), self.name()).is_some();
        if !exists && !uid.is_empty() {
            return Err(self.other_uid(&uid, ""));
        }
        let read = if read == "0" { String::new() } else { read };
        if !exists && self.kind.strategy.create_on_update && self.subresource().is_empty() && read.is_empty() {
            return self.create_object(object, managed::Written::Update).await;
        }
        if read.is_empty() && !self.kind.strategy.unconditional_update && exists {
            let cause = Cause::invalid("metadata.resourceVersion", &Value::from(0), "must be specified for an update");
            return Err(Status::invalid(
                self.kind.resource.group(),
                &self.kind.kind,
                self.name(),
                vec![cause],
            ));
        }
        self.change(|_, _| {
            Ok(Proposal {
                object: object.clone(),
                read: read.clone(),
                uid: uid.clone(),
                written: managed::Written::Update,
            })
        })
        .await
    }

    /// Changes a part of the object that has a path of its own. What `edit` returns, the part as it is asked for, is checked
    /// for name and revision.
    pub(in crate::apiserver) async fn replace_part(
        &mut self,
        edit: &mut (dyn FnMut(&mut Value) -> Result<Value, Status> + Send),
    ) -> Result<Outcome, Status> {
        self.change(|write, old| {
            let mut object = old.value().clone();
            let mut part = edit(&mut object)?;
            name_and_namespace(&mut part, Some(write.name()), write.request.target.namespace.as_deref())?;
            let read = part["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
            let read = if read == old.revision().to_string() { String::new() } else { read };
            Ok(Proposal {
                object,
                read,
                uid: String::new(),
                written: managed::Written::Update,
            })
        })
        .await
    }

    /// Proposes a new state until it is stored; the proposal is made again when the object changed
    /// in between, for which one of the others must have been stored.
    pub(super) async fn change<F>(&mut self, mut propose: F) -> Result<Outcome, Status>
    where
        F: FnMut(&mut Self, &Arc<Object>) -> Result<Proposal, Status> + Send,
    {
        loop {
            let old = super::super::read::find(self.server, self.kind, self.request)?;
            let proposal = propose(self, &convert::to_served(&old, self.kind))?;
            if let Some(stored) = self.try_change(&old, proposal).await? {
                return Ok(Outcome::Object(convert::to_served(&stored, self.kind), false));
            }
        }
    }

    /// One try; none when somebody else wrote first.
    async fn try_change(&mut self, old: &Arc<Object>, proposal: Proposal) -> Result<Option<Arc<Object>>, Status> {
        let mut new = proposal.object;
        fields::unite_owners(&mut new, self.warnings);
        name_and_namespace(&mut new, Some(self.name()), self.request.target.namespace.as_deref())?;
        let read = &proposal.read;
        if !read.is_empty() && read.parse::<u64>().is_err() {
            return Err(Status::plain(500, format!("strconv.ParseUint: parsing {read:?}: invalid syntax")));
        }
        if !read.is_empty() && *read != old.revision().to_string() {
            return Err(Status::modified(&self.kind.resource, self.name()));
        }
        if !proposal.uid.is_empty() && proposal.uid != old.uid() {
            return Err(self.other_uid(&proposal.uid, old.uid()));
        }
        let served = convert::to_served(old, self.kind);
        let causes = fields::carry_over(self.kind, self.subresource(), &served, &mut new);
        if !causes.is_empty() {
            return Err(Status::invalid(self.kind.resource.group(), &self.kind.kind, self.name(), causes));
        }
        decode::defaults(self.kind, &mut new, proposal.written == managed::Written::Applied);
        managed::track(self, Some(&served), &mut new, proposal.written)?;
        self.admit(&mut new, Some(&served)).await?;
        prepare::update(self.server, self.kind, self.subresource(), &served, &mut new)?;
        if self.subresource() != "status" {
            fields::advance_generation(self.kind, &served, &mut new);
        }
        let _reserved = self.validate(&mut new, Some(&served)).await?;
        self.store_changed(old, new)
    }

    fn store_changed(&mut self, old: &Arc<Object>, mut new: Value) -> Result<Option<Arc<Object>>, Status> {
        let lease = self.server.addresses.allocate(self.kind, &mut new, Some(old.value()))?;
        convert::stored_value(&mut new, self.kind);
        if new == *old.value() {
            return Ok(Some(old.clone()));
        }
        if self.request.options.dry_run {
            return Ok(Some(Arc::new(Object::new(new))));
        }
        let store = &self.server.store;
        let result = if is_finished(&new) {
            // The last finalizer is gone: the answer is the object as it was before it went.
            let answer = Object::new(new);
            store
                .delete(&self.kind.key, self.namespace(), self.name(), old.revision(), old.value().clone())
                .map(|gone| {
                    self.server.addresses.release(self.kind, gone.value());
                    crate::crd::removed(self.server, self.kind, &gone);
                    Arc::new(answer)
                })
        } else {
            store.update(&self.kind.key, self.namespace(), self.name(), old.revision(), new)
        };
        match result {
            Ok(stored) => {
                lease.keep();
                crate::crd::changed(self.server, self.kind, &stored);
                Ok(Some(stored))
            }
            Err(Conflict::Modified) => Ok(None),
            Err(Conflict::Missing | Conflict::Exists) => Err(Status::not_found(&self.kind.resource, self.name())),
        }
    }

    fn other_uid(&self, wanted: &str, found: &str) -> Status {
        let place = match self.namespace() {
            "" => self.name().to_owned(),
            namespace => format!("{namespace}/{}", self.name()),
        };
        let because = format!(
            "StorageError: invalid object, Code: 4, Key: /registry/{}/{place}, ResourceVersion: 0, AdditionalErrorMsg: Precondition \
             failed: UID in precondition: {wanted}, UID in object meta: {found}",
            self.kind.resource.plural(),
        );
        Status::conflict(&self.kind.resource, self.name(), &because)
    }
}

/// Whether an object that is being deleted has nothing left that holds it.
pub(super) fn is_finished(object: &Value) -> bool {
    let metadata = &object["metadata"];
    let deleting = metadata.get("deletionTimestamp").is_some_and(|v| !v.is_null());
    let grace = metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
    let finalizers = metadata["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    let holds_content = object["kind"] == "Namespace" && object["spec"]["finalizers"].as_array().is_some_and(|l| !l.is_empty());
    deleting && grace == 0 && !finalizers && !holds_content
}
