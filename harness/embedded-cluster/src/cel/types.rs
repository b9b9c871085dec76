//! Types of expressions, as far as they are known before anything is evaluated.

use std::fmt;

/// A type.
#[derive(Clone, Debug)]
pub(crate) enum Type<'s> {
    /// Anything; known only when evaluated.
    Dyn,
    /// Of an empty list or map: becomes what it is put together with.
    Free,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    List(Box<Type<'s>>),
    Map(Box<Type<'s>>, Box<Type<'s>>),
    Optional(Box<Type<'s>>),
    /// A type that only its functions know, such as a quantity.
    Opaque(&'static str),
    /// An object with declared fields.
    Object(&'s dyn Shape),
    /// A parameter of a function's signature.
    Parameter(char),
}

/// The declared fields of an object.
pub(crate) trait Shape: fmt::Debug + Sync {
    /// The type of a field, by the name that expressions use; none: there is no such field.
    fn field(&self, name: &str) -> Option<Type<'_>>;

    /// The type's name.
    fn name(&self) -> &str {
        "object"
    }
}

impl<'s> Type<'s> {
    pub(crate) fn list(of: Type<'s>) -> Self {
        Type::List(Box::new(of))
    }

    pub(crate) fn map(key: Type<'s>, value: Type<'s>) -> Self {
        Type::Map(Box::new(key), Box::new(value))
    }

    pub(crate) fn optional(of: Type<'s>) -> Self {
        Type::Optional(Box::new(of))
    }

    pub(crate) fn is_bool(&self) -> bool {
        matches!(self, Type::Bool)
    }

    /// The type without what it borrows: of objects only that they are some.
    pub(crate) fn detached(&self) -> Type<'static> {
        match self {
            Type::List(of) => Type::list(of.detached()),
            Type::Optional(of) => Type::optional(of.detached()),
            Type::Map(key, value) => Type::map(key.detached(), value.detached()),
            Type::Object(_) | Type::Dyn => Type::Dyn,
            Type::Free => Type::Free,
            Type::Null => Type::Null,
            Type::Bool => Type::Bool,
            Type::Int => Type::Int,
            Type::Uint => Type::Uint,
            Type::Double => Type::Double,
            Type::String => Type::String,
            Type::Bytes => Type::Bytes,
            Type::Timestamp => Type::Timestamp,
            Type::Duration => Type::Duration,
            Type::Opaque(name) => Type::Opaque(name),
            Type::Parameter(name) => Type::Parameter(*name),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }

    /// The type of something that is of the one or the other type.
    pub(super) fn join(self, other: Self) -> Self {
        match (self, other) {
            (Type::Free, one) | (one, Type::Free) => one,
            (Type::List(a), Type::List(b)) => Type::list(a.join(*b)),
            (Type::Map(a, b), Type::Map(c, d)) => Type::map(a.join(*c), b.join(*d)),
            (Type::Optional(a), Type::Optional(b)) => Type::optional(a.join(*b)),
            (a, b) if a.same(&b) => a,
            _ => Type::Dyn,
        }
    }

    /// Whether something of type `given` can stand where this is expected; parameters are bound on the way.
    pub(super) fn accepts(&self, given: &Type<'s>, bound: &mut Vec<(char, Type<'s>)>) -> bool {
        match (self, given) {
            (Type::Parameter(name), _) => {
                let Some(place) = bound.iter().position(|(known, _)| known == name) else {
                    bound.push((*name, given.clone()));
                    return true;
                };
                let known = bound[place].1.clone();
                if known.accepts(given, &mut vec![]) || given.accepts(&known, &mut vec![]) {
                    bound[place].1 = known.join(given.clone());
                    return true;
                }
                false
            }
            (Type::Dyn | Type::Free, _) | (_, Type::Dyn | Type::Free) => true,
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => a.accepts(b, bound),
            (Type::Map(a, b), Type::Map(c, d)) => a.accepts(c, bound) && b.accepts(d, bound),
            (Type::Object(_) | Type::Timestamp | Type::Duration | Type::Opaque(_), Type::Null) => true,
            (Type::Null, Type::Object(_) | Type::Timestamp | Type::Duration | Type::Opaque(_)) => true,
            _ => self.same(given),
        }
    }

    /// The type with its parameters replaced.
    pub(super) fn with(&self, bound: &[(char, Type<'s>)]) -> Type<'s> {
        match self {
            Type::Parameter(name) => {
                let found = bound.iter().find(|(known, _)| known == name);
                found.map_or(Type::Dyn, |(_, bound)| bound.clone())
            }
            Type::List(of) => Type::list(of.with(bound)),
            Type::Optional(of) => Type::optional(of.with(bound)),
            Type::Map(key, value) => Type::map(key.with(bound), value.with(bound)),
            other => other.clone(),
        }
    }
}

impl fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Type::Dyn | Type::Free => "dyn",
            Type::Null => "null",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Uint => "uint",
            Type::Double => "double",
            Type::String => "string",
            Type::Bytes => "bytes",
            Type::Timestamp => "timestamp",
            Type::Duration => "duration",
            Type::List(of) => return write!(f, "list({of})"),
            Type::Map(key, value) => return write!(f, "map({key}, {value})"),
            Type::Optional(of) => return write!(f, "optional_type({of})"),
            Type::Opaque(name) => name,
            Type::Object(shape) => shape.name(),
            Type::Parameter(name) => return write!(f, "{name}"),
        };
        f.write_str(name)
    }
}
