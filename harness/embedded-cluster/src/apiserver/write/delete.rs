//! DELETE of one object and of collections.

use std::sync::Arc;

use crate::value::{Value, json};

use super::super::outcome::{Outcome, Page};
use super::super::{Body, decode, read, seconds};
use super::Write;
use super::fields::metadata_mut;
use super::update::is_finished;
use crate::admission::Attempt;
use crate::client::{List, Propagation};
use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;
use crate::store::Conflict;

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

impl Write<'_> {
    /// DELETE of one object.
    pub(in crate::apiserver) async fn delete(&mut self) -> Result<Outcome, Status> {
        let options = decode::delete_options(self.request)?;
        loop {
            let old = read::find(self.server, self.kind, self.request)?;
            if let Some(outcome) = self.try_delete(&old, &options).await? {
                return Ok(outcome);
            }
        }
    }

    /// DELETE of everything that matches.
    pub(in crate::apiserver) async fn delete_collection(&mut self) -> Result<Outcome, Status> {
        let options = decode::delete_options(self.request)?;
        let (list, _) = read::select(self.server, self.kind, self.request)?;
        for object in &list.items {
            let mut one = self.request.clone();
            one.target.name = Some(object.name().to_owned());
            one.target.namespace = object.namespace().map(str::to_owned);
            one.options = options.clone();
            one.body = Body::empty();
            match Write::new(self.server, self.kind, &one, self.warnings).delete().await {
                Err(status) if !status.is_not_found() => return Err(status),
                _ => {}
            }
        }
        let revision = self.server.store.revision();
        Ok(Outcome::List(
            List {
                items: list.items,
                revision,
            },
            self.kind.clone(),
            Page::default(),
        ))
    }

    async fn try_delete(&mut self, old: &Arc<Object>, options: &super::super::Options) -> Result<Option<Outcome>, Status> {
        self.check_preconditions(old, options)?;
        let mut unchanged = old.value().clone();
        let mut attempt = Attempt {
            server: self.server,
            kind: self.kind,
            request: self.request,
            options,
            part: None,
            object: &mut unchanged,
            old: Some(old),
            warnings: self.warnings,
            connects: false,
        };
        crate::admission::mutate(&mut attempt).await?;
        crate::admission::validate(&mut attempt).await?;
        let mut new = old.value().clone();
        self.mark(old, &mut new, options);
        if is_finished(&new) {
            return self.remove(old, new, options.dry_run);
        }
        if new == *old.value() || options.dry_run {
            return Ok(Some(Outcome::Object(Arc::new(Object::new(new)), false)));
        }
        match self
            .server
            .store
            .update(&self.kind.key, self.namespace(), self.name(), old.revision(), new)
        {
            Ok(stored) => {
                crate::crd::changed(self.server, self.kind, &stored);
                Ok(Some(Outcome::Object(stored, false)))
            }
            Err(Conflict::Modified) => Ok(None),
            Err(_) => Err(Status::not_found(&self.kind.resource, self.name())),
        }
    }

    /// Refuses another object than the options mean.
    pub(in crate::apiserver) fn check_preconditions(&self, old: &Object, options: &super::super::Options) -> Result<(), Status> {
        // Kubernetes names the kind where it otherwise names the resource.
        let named = Resource::named(self.kind.resource.group(), self.kind.resource.version(), &self.kind.kind);
        let conflict = |what: &str, wanted: &str, found: &str, so: &str| {
            let because = format!(
                "the {what} in the precondition ({wanted}) does not match the {what} in record ({found}). The object might have been {so}"
            );
            Err(Status::conflict(&named, self.name(), &because))
        };
        if let Some(uid) = options.precondition_uid.as_deref().filter(|uid| *uid != old.uid()) {
            return conflict("UID", uid, old.uid(), "deleted and then recreated");
        }
        let revision = old.revision().to_string();
        if let Some(wanted) = options.precondition_revision.as_deref().filter(|wanted| *wanted != revision) {
            return conflict("ResourceVersion", wanted, &revision, "modified");
        }
        Ok(())
    }

    /// Marks the object as being deleted: time, grace, finalizers of the propagation policy.
    fn mark(&mut self, old: &Object, new: &mut Value, options: &super::super::Options) {
        self.set_finalizers(new, options.propagation);
        let grace = self.grace(old, options.grace_period_seconds);
        let now = self.server.clock.now();
        let is_namespace = self.kind.kind == "Namespace";
        if is_namespace {
            new["status"]["phase"] = "Terminating".into();
        }
        let shortens = old.value()["metadata"]["deletionGracePeriodSeconds"]
            .as_i64()
            .is_some_and(|was| grace < was);
        if old.deletion_timestamp().is_some() && !shortens {
            return;
        }
        let first = old.deletion_timestamp().is_none();
        let metadata = metadata_mut(new);
        metadata.insert("deletionTimestamp", seconds(now + jiff::SignedDuration::from_secs(grace)).into());
        // Namespaces and definitions are held by more than their metadata.
        let holder = is_namespace || self.kind.kind == "CustomResourceDefinition";
        if !holder {
            metadata.insert("deletionGracePeriodSeconds", grace.into());
        }
        let generation = metadata
            .get("generation")
            .and_then(Value::as_i64)
            .filter(|g| first && !holder && *g > 0);
        if let Some(generation) = generation {
            metadata.insert("generation", (generation + 1).into());
        }
        crate::crd::mark_terminating(self.kind, new, &self.server.timestamp());
    }

    /// How long the object may take to stop: only pods on a node that still run do.
    fn grace(&self, old: &Object, asked: Option<i64>) -> i64 {
        if self.kind.resource.plural() != "pods" || !self.kind.resource.group().is_empty() {
            return 0;
        }
        let pod = old.value();
        let scheduled = pod["spec"]["nodeName"].as_str().is_some_and(|n| !n.is_empty());
        let over = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        if !scheduled || over {
            return 0;
        }
        let own = pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
        match asked.unwrap_or(own) {
            negative if negative < 0 => 1,
            seconds => seconds,
        }
    }

    fn set_finalizers(&mut self, new: &mut Value, propagation: Option<Propagation>) {
        let policy = propagation.or_else(|| {
            let orphans = self.kind.strategy.orphans_dependents && !has_finalizer(new, FOREGROUND);
            if orphans && self.kind.kind == "Job" {
                self.warnings.push(
                    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set \
                     propagationPolicy=Orphan to suppress this warning"
                        .into(),
                );
            }
            orphans.then_some(Propagation::Orphan)
        });
        let Some(policy) = policy else { return };
        let mut finalizers: Vec<Value> = new["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        finalizers.retain(|f| f != ORPHAN && f != FOREGROUND);
        match policy {
            Propagation::Orphan => finalizers.push(ORPHAN.into()),
            Propagation::Foreground => finalizers.push(FOREGROUND.into()),
            Propagation::Background => {}
        }
        let metadata = metadata_mut(new);
        if finalizers.is_empty() {
            metadata.remove("finalizers");
        } else {
            metadata.insert("finalizers", finalizers.into());
        }
    }

    fn remove(&mut self, old: &Arc<Object>, new: Value, dry_run: bool) -> Result<Option<Outcome>, Status> {
        // Only what can be deleted gracefully shows its deletion in its last state.
        let graceful = self.kind.kind == "Pod" || self.kind.kind == "Namespace";
        let last = if graceful { new } else { old.value().clone() };
        let answer = Object::new(last.clone());
        if !dry_run {
            let store = &self.server.store;
            match store.delete(&self.kind.key, self.namespace(), self.name(), old.revision(), last) {
                Ok(gone) => {
                    self.server.addresses.release(self.kind, gone.value());
                    crate::crd::removed(self.server, self.kind, &gone);
                }
                Err(Conflict::Modified) => return Ok(None),
                Err(_) => return Err(Status::not_found(&self.kind.resource, self.name())),
            }
        }
        if self.kind.strategy.delete_returns_object {
            return Ok(Some(Outcome::Object(Arc::new(answer), false)));
        }
        Ok(Some(Outcome::Value(self.success(old), 200)))
    }

    fn success(&self, old: &Object) -> Value {
        let mut details = json!({"name": old.name(), "kind": self.kind.resource.plural(), "uid": old.uid()});
        if !self.kind.resource.group().is_empty() {
            details["group"] = self.kind.resource.group().into();
        }
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
    }
}

fn has_finalizer(object: &Value, finalizer: &str) -> bool {
    object["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|list| list.iter().any(|f| f == finalizer))
}
