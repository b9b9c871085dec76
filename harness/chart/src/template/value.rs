//! Values inside a template, with Go's reference meaning for maps.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use super::{Entries, Items, List, Map, Result};

/// A value with methods, such as `.Files`.
pub(crate) trait Object: fmt::Debug + Any {
    /// Go's name of the type, as `typeOf` and errors show it.
    fn type_name(&self) -> &'static str;
    /// Calls a method or reads a field; `None`: there is no such name.
    fn member(&self, name: &str, args: &[Value]) -> Option<Result<Value>>;
    /// Go's reflect kind of the type.
    fn kind(&self) -> &'static str {
        "struct"
    }
    /// What `{{ . }}` prints.
    fn text(&self) -> String;
    /// What `range`, `toYaml` and `index` see.
    fn plain(&self) -> Value;
}

/// What a template can hold.
#[derive(Clone, Debug, Default)]
pub(crate) enum Value {
    /// A nil interface, or a missing key.
    #[default]
    Nil,
    Bool(bool),
    /// Go's `int`: literals, `len`, `int`.
    Int(i64),
    /// Go's `int64`: what arithmetic functions and `--set` yield.
    Int64(i64),
    Float(f64),
    Str(Rc<str>),
    List(List),
    Map(Map),
    Object(Rc<dyn Object>),
}

impl Value {
    pub(crate) fn str(text: impl AsRef<str>) -> Self {
        Value::Str(Rc::from(text.as_ref()))
    }

    pub(crate) fn list(items: Vec<Value>) -> Self {
        Value::List(List::new(items, Items::Any))
    }

    /// A Go `[]string`.
    pub(crate) fn texts<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Self {
        Value::List(List::new(items.into_iter().map(Value::str).collect(), Items::Text))
    }

    pub(crate) fn map<K: AsRef<str>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        let entries = entries.into_iter().map(|(k, v)| (Rc::from(k.as_ref()), v));
        Value::Map(Map::new(entries.collect(), Entries::Any))
    }

    /// Go's truth: zero values and empty collections are false.
    pub(crate) fn truthy(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(b) => *b,
            Value::Int(n) | Value::Int64(n) => *n != 0,
            Value::Float(f) => *f != 0.0,
            Value::Str(s) => !s.is_empty(),
            Value::List(items) => !items.is_empty(),
            Value::Map(map) => !map.borrow().is_empty(),
            Value::Object(object) => match object.plain() {
                Value::Object(_) => true,
                plain => plain.truthy(),
            },
        }
    }

    /// `typeOf`: Go's type name.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Int64(_) => "int64",
            Value::Float(_) => "float64",
            Value::Str(_) => "string",
            Value::List(list) => list.type_name(),
            Value::Map(map) => map.type_name(),
            Value::Object(object) => object.type_name(),
        }
    }

    /// `kindOf`: Go's reflect kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Nil => "invalid",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Int64(_) => "int64",
            Value::Float(_) => "float64",
            Value::Str(_) => "string",
            Value::List(_) => "slice",
            Value::Map(_) => "map",
            Value::Object(object) => object.kind(),
        }
    }

    /// The key's value; a missing key is nil, as with Helm's `missingkey=zero`.
    pub(crate) fn get(&self, key: &str) -> Value {
        match self {
            Value::Map(map) => map.borrow().get(key).cloned().unwrap_or_default(),
            _ => Value::Nil,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(n) | Value::Int64(n) => Some(*n),
            _ => None,
        }
    }
}

/// Go's `reflect.DeepEqual`: types count, so `1` (int) differs from `1.0`.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) | (Value::Int64(a), Value::Int64(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            (Value::Object(a), Value::Object(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}
