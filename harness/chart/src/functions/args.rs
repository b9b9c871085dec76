//! Arguments of a function, with Go's words for wrong ones.

use crate::template::{Entries, Fault, Items, List, Map, Result, Value, go_text};

/// The arguments of one call.
pub(crate) struct Args<'a> {
    name: &'a str,
    values: &'a [Value],
}

impl<'a> Args<'a> {
    pub(crate) fn new(name: &'a str, values: &'a [Value]) -> Self {
        Args { name, values }
    }

    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    pub(super) fn all(&self) -> &'a [Value] {
        self.values
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// The argument, nil if there are fewer.
    pub(super) fn get(&self, i: usize) -> &'a Value {
        const NIL: &Value = &Value::Nil;
        self.values.get(i).unwrap_or(NIL)
    }

    pub(crate) fn wrong(&self, i: usize, expected: &'static str) -> Fault {
        Fault {
            argument: Some((i, expected)),
            ..Fault::wrong_type(expected, self.get(i))
        }
    }

    /// A Go `string` parameter.
    pub(crate) fn str(&self, i: usize) -> Result<&'a str> {
        self.get(i).as_str().ok_or_else(|| self.wrong(i, "string"))
    }

    /// A Go `int` parameter.
    pub(super) fn int(&self, i: usize) -> Result<i64> {
        match self.get(i) {
            Value::Int(n) => Ok(*n),
            _ => Err(self.wrong(i, "int")),
        }
    }

    /// A Go `uint32` parameter.
    pub(super) fn uint32(&self, i: usize) -> Result<u32> {
        let Value::Int(n) = self.get(i) else {
            return Err(self.wrong(i, "uint32"));
        };
        u32::try_from(*n).map_err(|_| Fault {
            argument: Some((i, "uint32")),
            ..Fault::new(format!("expected unsigned integer; found {n}"))
        })
    }

    /// A Go `int` parameter that is a length.
    pub(super) fn size(&self, i: usize) -> Result<usize> {
        let n = self.int(i)?;
        usize::try_from(n).map_err(|_| Fault::call(format!("negative count {n}")))
    }

    /// A Go `bool` parameter.
    pub(super) fn bool(&self, i: usize) -> Result<bool> {
        match self.get(i) {
            Value::Bool(b) => Ok(*b),
            _ => Err(self.wrong(i, "bool")),
        }
    }

    /// A Go `map[string]interface{}` parameter; shared, not copied.
    pub(super) fn map(&self, i: usize) -> Result<Map> {
        self.map_or_nil(i)?.ok_or_else(|| Fault {
            argument: Some((i, "map[string]interface {}")),
            ..Fault::new("wrong type for value; expected map[string]interface {}; got interface {}")
        })
    }

    /// As [`map`](Self::map), where a nil is a nil map.
    pub(super) fn map_or_nil(&self, i: usize) -> Result<Option<Map>> {
        match self.get(i) {
            Value::Map(map) if map.of() != Entries::Text => Ok(Some(map.typed(Entries::Any))),
            Value::Nil => Ok(None),
            Value::Object(object) => match object.plain() {
                Value::Map(map) => Ok(Some(map)),
                _ => Err(self.wrong(i, "map[string]interface {}")),
            },
            _ => Err(self.wrong(i, "map[string]interface {}")),
        }
    }

    /// A Go `[]interface{}` parameter; nil is an empty one.
    pub(super) fn items(&self, i: usize) -> Result<List> {
        match self.get(i) {
            Value::List(items) if items.of() == Items::Any => Ok(items.clone()),
            Value::Nil => Ok(List::new(Vec::new(), Items::Any)),
            _ => Err(self.wrong(i, "[]interface {}")),
        }
    }

    /// A parameter that Sprig wants to be a list, `found` in its own words.
    pub(super) fn list(&self, i: usize) -> Result<List> {
        match self.get(i) {
            Value::List(items) => Ok(items.clone()),
            Value::Nil => Err(nil_list()),
            other => {
                let name = self.name.strip_prefix("must").map_or(self.name.to_owned(), str::to_lowercase);
                Err(Fault::call(format!("Cannot find {name} on type {}", other.kind())))
            }
        }
    }
}

/// What Go says of a nil in the place of a list of any type.
pub(super) fn nil_list() -> Fault {
    Fault::call("runtime error: invalid memory address or nil pointer dereference")
}

/// Sprig's `strval`: text as it is, everything else as `%v`.
pub(super) fn strval(value: &Value) -> String {
    go_text(value)
}

/// Sprig's `strslice`: a list's non-nil items as text.
pub(super) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().filter(|v| !matches!(v, Value::Nil)).map(strval).collect(),
        Value::Nil => Vec::new(),
        other => vec![strval(other)],
    }
}
