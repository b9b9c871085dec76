//! Structural schemas: what a CustomResourceDefinition says about its objects.
//!
//! [`check`] decides whether a definition's schema is acceptable. A [`Structural`] then decodes (prunes), defaults and
//! validates objects, and gives the [`Node`](super::Node) by which server-side apply merges them.

mod check;
mod combine;
mod decode;
mod default;
mod format;
mod node;
mod props;
mod rules;
mod validate;

use crate::value::Value;

use crate::schema::decode::DecodeError;
use crate::schema::{Node, apply};
use crate::status::Cause;

pub(crate) use check::{check, warnings};
use props::Props;

/// The schema of one version of a custom resource.
#[derive(Debug)]
pub(crate) struct Structural {
    root: Props,
    node: Node,
    rules: rules::Rules,
}

impl Default for Structural {
    /// A schema that takes every object.
    fn default() -> Self {
        let root = Props::anything();
        let node = node::root(&root);
        let rules = rules::Rules::default();
        Self { root, node, rules }
    }
}

impl Structural {
    /// Reads `openAPIV3Schema`.
    ///
    /// # Errors
    /// Text that is no schema; [`check`] tells more.
    pub(crate) fn parse(schema: &Value) -> Result<Self, serde_json::Error> {
        let root = Props::parse(schema)?;
        let node = node::root(&root);
        let rules = rules::Rules::compile(&root, true);
        Ok(Self { root, node, rules })
    }

    /// The schema by which objects merge.
    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// Removes what the schema does not declare and returns the paths, and checks the metadata's types.
    ///
    /// # Errors
    /// Metadata of a wrong type.
    pub(crate) fn decode(&self, object: &mut Value) -> Result<Vec<String>, DecodeError> {
        decode::decode(&self.root, object)
    }

    /// Fills in the schema's defaults. Nulls that it does not allow are dropped, but for those that are `applied`.
    pub(crate) fn set_defaults(&self, object: &mut Value, applied: bool) {
        default::set(&self.root, object, applied);
    }

    /// What is wrong with an object. Values that did not change since `old` are taken as they are, so that a stricter
    /// schema does not lock objects that exist.
    pub(crate) fn validate(&self, object: &Value, old: Option<&Value>) -> Vec<Cause> {
        let mut causes = validate::validate(&self.root, object, old);
        if self.rules.is_empty() {
            return causes;
        }
        if causes.iter().any(blocks_rules) {
            let why =
                "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
            causes.push(Cause::invalid("<nil>", &"null".into(), why));
        } else {
            self.rules.validate(&self.root, "", object, old, &mut causes);
        }
        causes
    }
}

/// Whether rules could not make sense of the object.
fn blocks_rules(cause: &Cause) -> bool {
    matches!(
        cause.reason.as_ref(),
        "FieldValueNotSupported" | "FieldValueRequired" | "FieldValueTooLong" | "FieldValueTooMany" | "FieldValueTypeInvalid"
    )
}

/// The key by which a list of type `map` or `set` names an item, to find the same item in two lists.
fn item_key(props: &Props, item: &Value) -> Option<apply::PathElement> {
    let list_type = props.list_type_of_items();
    let items = props.items.as_deref().map(node::of)?;
    apply::item_element(&items, &list_type, item).ok()
}

#[cfg(test)]
mod tests;
