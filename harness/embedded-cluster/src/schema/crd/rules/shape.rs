//! The types of a schema's values.

use crate::cel::{Shape, Type, escaped};

use super::super::props::Props;

/// The whole object, which has its type and metadata too.
#[derive(Debug)]
struct Root<'s>(&'s Props);

/// What rules know of metadata.
#[derive(Debug)]
struct Metadata;

/// Does something with the type of a schema's values.
pub(super) fn with<R>(props: &Props, root: bool, run: impl FnOnce(&Type<'_>) -> R) -> R {
    if root || props.embedded {
        return run(&Type::Object(&Root(props)));
    }
    run(&of(props).unwrap_or(Type::Dyn))
}

/// The type of a schema's values; none where rules cannot use them.
fn of(props: &Props) -> Option<Type<'_>> {
    if props.int_or_string {
        return Some(Type::Dyn);
    }
    Some(match (props.kind.as_str(), props.format.as_str()) {
        ("object", _) => match props.map_values() {
            Some(values) => Type::map(Type::String, of(values)?),
            None => Type::Object(props),
        },
        ("array", _) => Type::list(of(props.items.as_deref()?)?),
        ("string", "byte") => Type::Bytes,
        ("string", "duration") => Type::Duration,
        ("string", "date" | "date-time") => Type::Timestamp,
        ("string", _) => Type::String,
        ("boolean", _) => Type::Bool,
        ("integer", _) => Type::Int,
        ("number", _) => Type::Double,
        _ => return None,
    })
}

impl Shape for Props {
    fn field(&self, name: &str) -> Option<Type<'_>> {
        if self.embedded
            && let Some(field) = own(name)
        {
            return Some(field);
        }
        let mut fields = self.properties.iter();
        fields.find(|(field, _)| escaped(field) == name).and_then(|(_, props)| of(props))
    }
}

impl Shape for Root<'_> {
    fn field(&self, name: &str) -> Option<Type<'_>> {
        own(name).or_else(|| self.0.field(name))
    }
}

impl Shape for Metadata {
    fn field(&self, name: &str) -> Option<Type<'_>> {
        matches!(name, "name" | "generateName").then_some(Type::String)
    }
}

/// Fields that every whole object has.
fn own(name: &str) -> Option<Type<'static>> {
    match name {
        "apiVersion" | "kind" => Some(Type::String),
        "metadata" => Some(Type::Object(&Metadata)),
        _ => None,
    }
}
