//! Conflicts between managers.

use std::fmt;

use super::fieldset::FieldSet;
use super::managers::{Manager, Operation};

/// Fields that an apply would change and another manager holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    manager: String,
    fields: FieldSet,
}

impl Conflict {
    pub(super) fn new(manager: &Manager, api_version: &str, fields: FieldSet) -> Self {
        let mut text = format!("{:?}", manager.name);
        if !manager.subresource.is_empty() {
            text = format!("{text} with subresource {:?}", manager.subresource);
        }
        if manager.operation == Operation::Update {
            text = format!("{text} using {api_version}");
        }
        Conflict { manager: text, fields }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The conflict without fields that the applier may take over.
    pub(super) fn without(&self, allowed: &FieldSet) -> Self {
        Conflict {
            manager: self.manager.clone(),
            fields: self.fields.difference(allowed),
        }
    }

    /// One `(field, message)` for each cause of the Status.
    pub(crate) fn causes(&self) -> impl Iterator<Item = (String, String)> {
        let message = format!("conflict with {}", self.manager);
        self.fields.paths().into_iter().map(move |path| (path, message.clone()))
    }
}

/// The message of the Status for all conflicts of an apply.
pub(super) struct Message<'c>(pub(super) &'c [Conflict]);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count: usize = self.0.iter().map(|conflict| conflict.fields.len()).sum();
        if let (1, [conflict]) = (count, self.0) {
            let path = conflict.fields.paths().join("");
            return write!(f, "Apply failed with 1 conflict: conflict with {}: {path}", conflict.manager);
        }
        write!(f, "Apply failed with {count} conflicts: ")?;
        for (index, conflict) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}conflicts with {}:", conflict.manager)?;
            for path in conflict.fields.paths() {
                write!(f, "\n- {path}")?;
            }
        }
        Ok(())
    }
}
