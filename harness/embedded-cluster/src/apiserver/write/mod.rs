//! create, update, patch and delete: from a body to a stored revision.

mod create;
mod delete;
mod fields;
mod managed;
mod patch;
mod prepare;
mod services;
mod update;

use std::sync::Arc;

use crate::value::Value;

use super::{ApiServer, Request, decode};
use crate::admission::{Attempt, Reserved};
use crate::kinds::Kind;
use crate::object::Object;
use crate::status::Status;
use crate::validation;

pub(super) use fields::{name_and_namespace, same_name};

/// One write in progress.
pub(super) struct Write<'a> {
    pub(super) server: &'a Arc<ApiServer>,
    pub(super) kind: &'a Arc<Kind>,
    pub(super) request: &'a Request,
    pub(super) warnings: &'a mut Vec<String>,
    /// What is written is this part of the object.
    part: Option<&'a dyn Part>,
}

/// A part of an object that is written as an object of its own, such as a scale.
pub(super) trait Part: Sync {
    /// The part's kind.
    fn kind(&self) -> &Kind;

    /// The part of an object.
    fn of(&self, kind: &Kind, object: &Value) -> Value;

    /// Puts the part back.
    fn put(&self, kind: &Kind, part: &Value, object: &mut Value);
}

impl<'a> Write<'a> {
    pub(super) fn new(server: &'a Arc<ApiServer>, kind: &'a Arc<Kind>, request: &'a Request, warnings: &'a mut Vec<String>) -> Self {
        Self {
            server,
            kind,
            request,
            warnings,
            part: None,
        }
    }

    /// The same write, of a part of the object.
    pub(super) fn of_part(self, part: &'a dyn Part) -> Self {
        Self { part: Some(part), ..self }
    }

    /// The subresource written, empty for the object itself.
    fn subresource(&self) -> &str {
        self.request.target.subresource.as_deref().unwrap_or_default()
    }

    fn namespace(&self) -> &str {
        self.request.target.namespace.as_deref().unwrap_or_default()
    }

    fn name(&self) -> &str {
        self.request.target.name.as_deref().unwrap_or_default()
    }

    /// The request's body as an object of the kind.
    fn body(&mut self) -> Result<Value, Status> {
        let decoded = decode::object(self.kind, &self.request.body, &self.request.options)?;
        self.warnings.extend(decoded.warnings);
        Ok(decoded.value)
    }

    /// The write as admission sees it.
    fn attempt<'b>(&'b mut self, object: &'b mut Value, old: Option<&'b Object>) -> Attempt<'b>
    where
        'a: 'b,
    {
        Attempt {
            server: self.server,
            kind: self.kind,
            request: self.request,
            options: &self.request.options,
            part: self.part.map(Part::kind),
            object,
            old,
            warnings: self.warnings,
            connects: false,
        }
    }

    /// Runs the mutating half of admission.
    async fn admit(&mut self, object: &mut Value, old: Option<&Object>) -> Result<(), Status> {
        let Some(part) = self.part else {
            return crate::admission::mutate(&mut self.attempt(object, old)).await;
        };
        let (mut shown, old) = self.shown(part, object, old);
        crate::admission::mutate(&mut self.attempt(&mut shown, old.as_ref())).await?;
        part.put(self.kind, &shown, object);
        Ok(())
    }

    /// Runs validation and the validating half of admission. The answer is to be held until the object is stored.
    async fn validate(&mut self, object: &mut Value, old: Option<&Object>) -> Result<Reserved, Status> {
        let causes = validation::check(self.kind, object, old.map(Object::value), self.subresource());
        if !causes.is_empty() {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            // Events are checked as those of the core group.
            let group = if self.kind.kind == "Event" {
                ""
            } else {
                self.kind.resource.group()
            };
            return Err(Status::invalid(group, &self.kind.kind, name, causes));
        }
        if self.subresource().is_empty() {
            self.warnings.extend(validation::warnings(self.kind, object));
        }
        if self.kind.kind == "CustomResourceDefinition" {
            self.warnings.extend(crate::crd::warnings(object));
        }
        let Some(part) = self.part else {
            return crate::admission::validate(&mut self.attempt(object, old)).await;
        };
        let (mut shown, old) = self.shown(part, object, old);
        crate::admission::validate(&mut self.attempt(&mut shown, old.as_ref())).await
    }

    /// The part that is written, before and after.
    fn shown(&self, part: &dyn Part, object: &Value, old: Option<&Object>) -> (Value, Option<Object>) {
        let of = |object: &Value| part.of(self.kind, object);
        (of(object), old.map(|old| Object::new(of(old.value()))))
    }
}
