//! Schemas as types of expressions.

use super::{Node, Object, Scalar};
use crate::cel::{Shape, Type};

impl Node {
    /// The type of a value in expressions.
    pub(crate) fn expression_type(&self) -> Type<'_> {
        match self.resolve() {
            Node::Any | Node::Ref(_) => Type::Dyn,
            Node::Object(object) => Type::Object(object),
            Node::Map(map) => Type::map(Type::String, map.values.expression_type()),
            Node::List(list) => Type::list(list.items.expression_type()),
            Node::Scalar(scalar) => match scalar {
                Scalar::Boolean => Type::Bool,
                Scalar::Int32 | Scalar::Int64 => Type::Int,
                Scalar::Number => Type::Double,
                Scalar::String | Scalar::Quantity => Type::String,
                Scalar::Bytes => Type::Bytes,
                Scalar::Time | Scalar::MicroTime => Type::Timestamp,
                Scalar::IntOrString => Type::Dyn,
            },
        }
    }
}

impl Shape for Object {
    fn field(&self, name: &str) -> Option<Type<'_>> {
        match (self.fields.get(name), &self.unknown) {
            (Some(field), _) => Some(field.node.expression_type()),
            (None, Some(unknown)) => Some(unknown.expression_type()),
            (None, None) => None,
        }
    }
}
