//! New objects: POST, PUT to a free name, apply to a free name.

use std::sync::Arc;

use crate::value::Value;

use super::super::{Outcome, convert, decode};
use super::{Write, fields, managed, name_and_namespace, prepare};
use crate::object::Object;
use crate::status::Status;
use crate::store::Conflict;

/// How often a generated name may be taken.
const NAME_TRIES: usize = 8;

impl Write<'_> {
    /// POST.
    pub(in crate::apiserver) async fn create(&mut self) -> Result<Outcome, Status> {
        let mut object = self.body()?;
        name_and_namespace(&mut object, None, self.request.target.namespace.as_deref())?;
        let generated = object["metadata"]["name"].as_str().unwrap_or_default().is_empty()
            && !object["metadata"]["generateName"].as_str().unwrap_or_default().is_empty();
        for _ in 1..NAME_TRIES {
            match self.create_object(object.clone(), managed::Written::Update).await {
                Err(status) if generated && status.is_already_exists() => {}
                result => return result,
            }
        }
        self.create_object(object, managed::Written::Update).await
    }

    /// Takes a decoded object through defaulting, admission and validation into the store.
    pub(super) async fn create_object(&mut self, mut object: Value, written: managed::Written) -> Result<Outcome, Status> {
        if object["metadata"]["resourceVersion"]
            .as_str()
            .is_some_and(|v| !v.is_empty() && v != "0")
        {
            return Err(Status::plain(500, "resourceVersion should not be set on objects to be created"));
        }
        crate::crd::check_create(self.server, self.kind, object["metadata"]["name"].as_str().unwrap_or_default())?;
        fields::begin(&mut object);
        fields::unite_owners(&mut object, self.warnings);
        decode::defaults(self.kind, &mut object, written == managed::Written::Applied);
        // What admission adds is nobody's.
        managed::track(self, None, &mut object, written)?;
        self.admit(&mut object, None).await?;
        fields::generate_name(self.server, &mut object);
        fields::system(self.server, self.kind, &mut object);
        prepare::create(self.server, self.kind, self.request, &mut object)?;
        decode::complete(self.kind, &mut object)?;
        let _reserved = self.validate(&mut object, None).await?;
        prepare::finish(self.kind, &mut object);
        let stored = self.store_new(object)?;
        crate::crd::changed(self.server, self.kind, &stored);
        Ok(Outcome::Object(convert::to_served(&stored, self.kind), true))
    }

    fn store_new(&mut self, mut object: Value) -> Result<Arc<Object>, Status> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let exists = || Status::already_exists(&self.kind.resource, &name);
        let store = &self.server.store;
        let lease = self.server.addresses.allocate(self.kind, &mut object, None)?;
        convert::stored_value(&mut object, self.kind);
        if self.request.options.dry_run {
            if store.get(&self.kind.key, self.namespace(), &name).is_some() {
                return Err(exists());
            }
            return Ok(Arc::new(Object::new(object)));
        }
        match store.create(&self.kind.key, self.namespace(), &name, object) {
            Ok(stored) => {
                lease.keep();
                Ok(stored)
            }
            Err(Conflict::Exists | Conflict::Missing | Conflict::Modified) => Err(exists()),
        }
    }
}
