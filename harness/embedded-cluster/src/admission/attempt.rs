//! A write as admission sees it.

use std::sync::Arc;

use crate::apiserver::{ApiServer, Options, Request, Verb, served_value, stored_value};
use crate::kinds::Kind;
use crate::object::Object;
use crate::status::Status;
use crate::value::{Value, json};

use super::matching::Seen;

/// A write on its way to the store.
pub(crate) struct Attempt<'a> {
    pub(crate) server: &'a Arc<ApiServer>,
    pub(crate) kind: &'a Kind,
    pub(crate) request: &'a Request,
    /// The request's options; of a delete, with those of its body.
    pub(crate) options: &'a Options,
    /// The kind of what is written, where it is not the resource's own: `Scale`, `Binding`.
    pub(crate) part: Option<&'a Kind>,
    /// The object as it would be stored; for deletes, as it is.
    pub(crate) object: &'a mut Value,
    /// The state that is replaced or deleted.
    pub(crate) old: Option<&'a Object>,
    pub(crate) warnings: &'a mut Vec<String>,
    /// Nothing is written: `object` says how a client enters a pod.
    pub(crate) connects: bool,
}

/// What is done to an object, in the words of webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Create,
    Update,
    Delete,
    Connect,
}

impl Operation {
    pub(super) fn name(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        }
    }
}

static NULL: Value = Value::Null;

impl<'a> Attempt<'a> {
    /// The creation of `object`, which is only answered; `part`: its kind, where that is not the resource's.
    pub(crate) fn answered(
        server: &'a Arc<ApiServer>,
        kind: &'a Kind,
        part: Option<&'a Kind>,
        request: &'a Request,
        object: &'a mut Value,
        warnings: &'a mut Vec<String>,
    ) -> Self {
        Self {
            server,
            kind,
            request,
            options: &request.options,
            part,
            object,
            old: None,
            warnings,
            connects: false,
        }
    }
}

impl Attempt<'_> {
    /// Whether this is about `plural` of `group`, as a whole.
    pub(super) fn is(&self, group: &str, plural: &str) -> bool {
        self.kind.resource.group() == group && self.kind.resource.plural() == plural && self.request.target.subresource.is_none()
    }

    pub(super) fn is_delete(&self) -> bool {
        matches!(self.request.verb, Verb::Delete | Verb::DeleteCollection)
    }

    /// Whether the object is new, by whatever verb.
    pub(super) fn is_create(&self) -> bool {
        self.operation() == Operation::Create
    }

    pub(super) fn operation(&self) -> Operation {
        match () {
            () if self.connects => Operation::Connect,
            () if self.is_delete() => Operation::Delete,
            () if self.old.is_none() => Operation::Create,
            () => Operation::Update,
        }
    }

    /// The object's name; empty where one is still to be generated.
    pub(super) fn name(&self) -> &str {
        match self.request.target.name.as_deref() {
            Some(name) => name,
            None => self.object["metadata"]["name"].as_str().unwrap_or_default(),
        }
    }

    pub(super) fn namespace(&self) -> &str {
        self.request.target.namespace.as_deref().unwrap_or_default()
    }

    /// The namespace that decides about the write: of a namespace, itself.
    pub(super) fn place(&self) -> &str {
        if self.kind.resource.group().is_empty() && self.kind.resource.plural() == "namespaces" {
            self.name()
        } else {
            self.namespace()
        }
    }

    pub(super) fn subresource(&self) -> &str {
        self.request.target.subresource.as_deref().unwrap_or_default()
    }

    /// The new state; null for deletes.
    pub(super) fn new_object(&self) -> &Value {
        if self.is_delete() { &NULL } else { self.object }
    }

    /// A state of the object in the version that somebody sees it in.
    pub(super) fn shown(&self, state: &Value, seen: &Seen) -> Value {
        let mut state = state.clone();
        if let Seen::As(other) = seen
            && self.part.is_none()
            && state.is_object()
        {
            stored_value(&mut state, self.kind);
            served_value(&mut state, other);
        }
        state
    }

    /// Takes over what somebody made of the object: without undeclared fields, with defaults.
    ///
    /// # Errors
    /// A value of a wrong type.
    pub(super) fn replace(&mut self, mut object: Value, seen: &Seen) -> Result<(), Status> {
        let kind = self.part.unwrap_or(self.kind);
        if let Seen::As(other) = seen
            && self.part.is_none()
        {
            stored_value(&mut object, other);
            served_value(&mut object, self.kind);
        }
        kind.decode(&mut object).map_err(Status::internal)?;
        kind.set_defaults(&mut object, false);
        *self.object = object;
        Ok(())
    }

    /// The options as webhooks and expressions see them.
    pub(super) fn options_object(&self) -> Value {
        let mut options = match self.operation() {
            Operation::Create => json!({"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}),
            Operation::Update => json!({"kind": "UpdateOptions", "apiVersion": "meta.k8s.io/v1"}),
            Operation::Delete => json!({"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"}),
            Operation::Connect => return Value::Null,
        };
        self.options.fill(&mut options, self.is_delete());
        options
    }

    pub(super) fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    pub(super) fn forbid(&self, because: &str) -> Status {
        // Names are generated only after admission.
        let generated = self.object["metadata"]["generateName"].as_str().unwrap_or_default();
        let name = [self.name(), generated]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or("Unknown");
        Status::forbidden(&self.kind.resource, name, because)
    }
}
