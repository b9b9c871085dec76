//! Server-side apply, and who manages which field.
//!
//! Every write leaves an entry in `metadata.managedFields`: the set of fields its manager set ([`FieldSet`], in FieldsV1
//! form in the object). [`apply`] merges a configuration into an object by its schema, detects conflicts with other
//! managers and removes what the manager applied before and left out now; [`update`] does the bookkeeping for creates,
//! updates and patches.

mod bookkeeping;
mod conflict;
mod fields_v1;
mod fieldset;
mod last_applied;
mod managers;
mod operation;
mod reset;
mod shared;
mod sorted;
mod typed;
mod update;

pub(crate) use fieldset::{FieldSet, PathElement};
pub(crate) use operation::{ApplyError, Writer, apply, merged};
pub(crate) use reset::reset_fields;
pub(crate) use shared::Shared;
pub(in crate::schema) use typed::item_element;
pub(crate) use update::update;

#[cfg(test)]
mod tests;
